"""The books as plain values: what is posted, and what a day holds. Amounts are integers of minor units."""

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Analytic:
    """How much of a line concerns a section of an analytic plan."""

    plan: str
    section: str
    amount: int


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry: either `debit` or `credit` is greater than zero.

    `aux_account` is a matricule where the line concerns a student. `label` defaults to the entry's.
    """

    account: str
    account_label: str
    debit: int = 0
    credit: int = 0
    label: str | None = None
    aux_account: str | None = None
    aux_label: str | None = None
    due_date: date | None = None
    payment_mode: str | None = None
    lettering: str | None = None
    lettered_at: date | None = None
    analytic: tuple[Analytic, ...] = field(default=())

    def row(self, line_no: int, entry_label: str) -> dict[str, Any]:
        """As `journal_line` keeps it."""
        return {**asdict(self), "line_no": line_no, "label": self.label or entry_label}


@dataclass(frozen=True, slots=True)
class Source:
    """What an entry comes from: `type` is invoice, payment and the like."""

    type: str
    id: UUID | None


@dataclass(frozen=True, slots=True)
class PostedEntry:
    """A draft that has its number."""

    id: UUID
    journal_code: str
    number: int
    fiscal_year: str
    period: str


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """A validated entry with its lines, in their order."""

    id: UUID
    journal_code: str
    journal_label: str
    number: int
    entry_date: date
    piece_ref: str
    piece_date: date
    label: str
    currency: str
    fiscal_year: str
    period: str
    status: str
    validated_at: datetime
    source: Source | None
    reverses_entry_id: UUID | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """What a day's lines sum up to in one currency."""

    currency: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class JournalDayRecord:
    """The validated entries of a day. `provisional` until the day has ended in the school's time zone."""

    on: date
    provisional: bool
    entries: tuple[EntryRecord, ...]

    @property
    def line_count(self) -> int:
        return sum(len(entry.lines) for entry in self.entries)

    @property
    def totals(self) -> list[Total]:
        """One for each currency, by its code."""
        sums: dict[str, list[int]] = {}
        for entry in self.entries:
            sides = sums.setdefault(entry.currency, [0, 0])
            sides[0] += sum(line.debit for line in entry.lines)
            sides[1] += sum(line.credit for line in entry.lines)
        return [Total(currency, *sums[currency]) for currency in sorted(sums)]


@dataclass(frozen=True, slots=True)
class LedgerEntryRecord:
    """An entry with its lines, draft or validated. A draft has neither an instant of validation nor, yet, a number.

    `reversed_by` is the entry that takes it back; `students` are those among its auxiliary accounts.
    """

    id: UUID
    journal_code: str
    journal_label: str
    number: int | None
    entry_date: date
    piece_ref: str
    piece_date: date
    label: str
    currency: str
    fiscal_year: str
    period: str
    status: str
    validated_at: datetime | None
    source: Source | None
    reverses_entry_id: UUID | None
    reversed_by: UUID | None
    lines: tuple[Line, ...]
    students: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line as people give it: the account's name, where they leave it out, is the chart's."""

    account: str
    debit: int = 0
    credit: int = 0
    account_label: str | None = None
    label: str | None = None
    aux_account: str | None = None
    aux_label: str | None = None
    due_date: date | None = None
    payment_mode: str | None = None
    analytic: tuple[Analytic, ...] = ()


@dataclass(frozen=True, slots=True)
class JournalRecord:
    id: UUID
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class DeletedEntryRecord:
    id: UUID
    journal_code: str
    piece_ref: str


@dataclass(frozen=True, slots=True)
class PeriodRecord:
    """A period of a fiscal year; both days belong to it. `drafts` is how many entries in it can still change."""

    id: UUID
    code: str
    fiscal_year: str
    starts_on: date
    ends_on: date
    closed_at: datetime | None
    drafts: int


@dataclass(frozen=True, slots=True)
class FiscalYearRecord:
    """Both days belong to it; its periods come in their order."""

    id: UUID
    code: str
    starts_on: date
    ends_on: date
    closed_at: datetime | None
    periods: tuple[PeriodRecord, ...]


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """What an account says in one currency: before a period, in it, and after it. Debit is positive in balances."""

    account: str
    label: str
    currency: str
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class LedgerLineRecord:
    """A validated line of an account, with what its entry says."""

    entry_id: UUID
    entry_date: date
    journal_code: str
    number: int
    piece_ref: str
    currency: str
    line_no: int
    account: str
    aux_account: str | None
    aux_label: str | None
    label: str
    debit: int
    credit: int
    lettering: str | None
