"""The books as those who keep them see them: entries of any state."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Context, Info
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope, scoped
from app.core.money import exponent
from app.core.pagination import DEFAULT_PAGE, Position
from app.core.scopes import Scope
from app.domains.finance import journal_records as records
from app.domains.finance.loaders import ledger_entries_by_id
from app.domains.finance.schema.journals import LINES_AN_ENTRY, EntrySource, JournalLine
from app.domains.finance.service import EntryFilter, find_entries

of_entries = any_scope([Scope.FINANCE_BOOKS_READ, Scope.FINANCE_JOURNALS_WRITE])
ENTRY_ID = "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"


@strawberry.enum(name="LedgerEntryStatus", description="Whether an entry can still change.")
class LedgerEntryStatus(Enum):
    draft = strawberry.enum_value("draft", description="It can be changed and deleted, and counts nowhere yet.")
    validated = strawberry.enum_value("validated", description="Final: corrected by a reversal only.")


@strawberry.type(description="An entry (écriture) of any state: debit equals credit, in one currency.")
class LedgerEntry(Node):
    node_id: strawberry.ID = node_id_field(of_entries)
    id: UUID = of_entries(description="Its identifier.", example=ENTRY_ID)
    journal_code: str = of_entries(description="The journal's code.", example="OD")
    journal_label: str = of_entries(description="The journal's name.", example="Opérations diverses")
    entry_number: int | None = of_entries(
        description="Gapless in its journal and fiscal year, from 1; null until a draft is validated.", example=42
    )
    entry_date: date = of_entries(description="The day it counts for.", example="2024-12-31")
    piece_ref: str = of_entries(description="The piece's reference.", example="OD-2024-017")
    piece_date: date = of_entries(description="The piece's date.", example="2024-12-31")
    label: str = of_entries(description="What it is about.", example="Régularisation de loyer")
    currency: str = of_entries(description="ISO 4217 code.", example="XOF")
    exponent: int = of_entries(description="Decimals of the currency: 0 for XOF, 2 for EUR.", example=0)
    fiscal_year: str = of_entries(description="Code of the fiscal year.", example="2024")
    period: str = of_entries(description="Code of the accounting period.", example="2024-12")
    status: LedgerEntryStatus = of_entries(description="Draft or validated.", example="draft")
    validated_at: datetime | None = of_entries(
        description="When it became final, in the school's time zone; null for a draft.",
        example="2024-12-31T18:00:00+00:00",
    )
    source: EntrySource | None = of_entries(description="What it comes from; null when it was typed in.")
    reverses_entry_id: UUID | None = of_entries(description="The entry that this one reverses.", example=ENTRY_ID)
    reversed_by_entry_id: UUID | None = of_entries(description="The entry that reverses this one.", example=ENTRY_ID)
    lines: list[JournalLine] = of_entries(description="At least two, in their order.", size=LINES_AN_ENTRY)

    @classmethod
    def of(cls, entry: records.LedgerEntryRecord, timezone: str) -> Self:
        moment = entry.validated_at
        return cls(
            node_id=node_id_of("LedgerEntry", entry.id),
            id=entry.id,
            journal_code=entry.journal_code,
            journal_label=entry.journal_label,
            entry_number=entry.number,
            entry_date=entry.entry_date,
            piece_ref=entry.piece_ref,
            piece_date=entry.piece_date,
            label=entry.label,
            currency=entry.currency,
            exponent=exponent(entry.currency),
            fiscal_year=entry.fiscal_year,
            period=entry.period,
            status=LedgerEntryStatus(entry.status),
            validated_at=None if moment is None else moment.astimezone(ZoneInfo(timezone)),
            source=EntrySource(type=entry.source.type, id=entry.source.id) if entry.source else None,
            reverses_entry_id=entry.reverses_entry_id,
            reversed_by_entry_id=entry.reversed_by,
            lines=[JournalLine.of(line_no, line, entry.currency) for line_no, line in enumerate(entry.lines, start=1)],
        )


LedgerEntries = Connection[LedgerEntry]
_NAME = "journalEntries"


def _asks(description: str, example: str) -> Any:
    return argument(description=description, metadata={"example": example})


async def _journal_entries(
    info: Info,
    journal: Annotated[str | None, _asks("Of this journal, by its code.", "OD")] = None,
    period: Annotated[str | None, _asks("In this period, by its code.", "2024-12")] = None,
    status: Annotated[LedgerEntryStatus | None, argument(description="In this state.")] = None,
    account: Annotated[str | None, _asks("With a line on this general account.", "4111")] = None,
    aux_account: Annotated[str | None, _asks("With a line of this auxiliary account.", "2024/INF/0123")] = None,
    piece_ref: Annotated[str | None, _asks("With this reference of its piece.", "F-2024-0001")] = None,
    source_type: Annotated[str | None, _asks("Made from this kind of piece.", "payment")] = None,
    source_id: Annotated[UUID | None, _asks("Made from this piece.", ENTRY_ID)] = None,
    validated_since: Annotated[
        datetime | None, _asks("Validated at this instant or later.", "2024-12-31T00:00:00+00:00")
    ] = None,
    first: First = DEFAULT_PAGE,
    after: After = None,
) -> LedgerEntries:
    context = info.context
    wanted = EntryFilter(
        journal=journal,
        period=period,
        status=status.name if status else None,
        account=account,
        aux_account=aux_account,
        piece_ref=piece_ref,
        source_type=source_type,
        source_id=source_id,
        validated_since=validated_since,
    )
    async with context.read() as session:
        page = await find_entries(session, wanted, first=first, after=read_cursor(context, _NAME, after))
    context.saw(*(student for entry in page.items for student in entry.students))
    return LedgerEntries.of(
        context,
        _NAME,
        page,
        show=lambda entry: LedgerEntry.of(entry, context.actor.timezone),
        position=lambda entry: Position(entry.entry_date, entry.id),
    )


async def _journal_entry(
    info: Info, id: Annotated[UUID, _asks("The entry's identifier.", ENTRY_ID)]
) -> LedgerEntry | None:
    entry = await info.context.load(ledger_entries_by_id, id)
    return None if entry is None else _show(entry, info.context)


def _show(record: records.LedgerEntryRecord, context: Context) -> LedgerEntry:
    context.saw(*record.students)
    return LedgerEntry.of(record, context.actor.timezone)


LEDGER_ENTRIES = NodeKind(LedgerEntry, (Scope.FINANCE_BOOKS_READ,), ledger_entries_by_id, _show)


@strawberry.type
class LedgerQuery:
    journal_entries: LedgerEntries = scoped(
        Scope.FINANCE_BOOKS_READ,
        description="Entries of any state, by the day they count for; each filter narrows the list.",
        resolver=_journal_entries,
        cost=10,
    )
    journal_entry: LedgerEntry | None = scoped(
        Scope.FINANCE_BOOKS_READ,
        description="One entry, draft or validated; null where there is none.",
        resolver=_journal_entry,
        cost=2,
    )
