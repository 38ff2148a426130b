"""A day of the books as accounting software reads it."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument

from app.core.clock import today
from app.core.graph.context import Context, Info
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope, scoped
from app.core.money import exponent, to_decimal_string
from app.core.scopes import Scope
from app.domains.finance import journal_records as records
from app.domains.finance.loaders import entries_by_id
from app.domains.finance.service import journals_of, students_in

_of_books = any_scope([Scope.FINANCE_JOURNALS_READ])
_of_lines = any_scope([Scope.FINANCE_JOURNALS_READ, Scope.FINANCE_BOOKS_READ, Scope.FINANCE_JOURNALS_WRITE])

# What a day is assumed to hold when its cost is reckoned: a school of a thousand students posts about this much.
ENTRIES_A_DAY = 100
LINES_AN_ENTRY = 4


@strawberry.enum(name="JournalEntryStatus", description="Whether an entry can still change.")
class JournalEntryStatus(Enum):
    validated = strawberry.enum_value("validated", description="Final: corrected by a reversal only.")


@strawberry.type(description="How much of a line concerns a section of an analytic plan.")
class AnalyticShare:
    plan: str = _of_lines(description="The plan.", example="CAMPUS")
    section: str = _of_lines(description="The section of the plan.", example="DAKAR")
    amount: str = _of_lines(description="A decimal in the entry's currency.", example="150000")


@strawberry.type(description="One side of an entry: either debit or credit is zero.")
class JournalLine:
    line_no: int = _of_lines(description="Its place in the entry, from 1.", example=1)
    account: str = _of_lines(description="The general account.", example="4111")
    account_label: str = _of_lines(description="The account's name.", example="Étudiants")
    aux_account: str | None = _of_lines(
        description="The auxiliary account: a student's matricule.", personal=True, example="2024/INF/0123"
    )
    aux_label: str | None = _of_lines(
        description="The auxiliary account's name.", personal=True, example="Aïssatou N'Diaye"
    )
    label: str = _of_lines(description="What the line is about.", example="Scolarité, 1re tranche")
    debit: str = _of_lines(description="A decimal in the entry's currency.", example="150000")
    credit: str = _of_lines(description="A decimal in the entry's currency.", example="0")
    due_date: date | None = _of_lines(description="When a receivable is due.", example="2025-01-05")
    payment_mode: str | None = _of_lines(description="How it was paid.", example="orange_money")
    lettering: str | None = _of_lines(description="The letter that matches debits with credits.", example="A")
    lettered_at: date | None = _of_lines(description="When the letter was given.", example="2024-12-31")
    analytic: list[AnalyticShare] = _of_lines(description="How the line is spread over analytic plans.", size=1)

    @classmethod
    def of(cls, line_no: int, line: records.Line, currency: str) -> Self:
        return cls(
            line_no=line_no,
            account=line.account,
            account_label=line.account_label,
            aux_account=line.aux_account,
            aux_label=line.aux_label,
            label=line.label or "",
            debit=to_decimal_string(line.debit, currency),
            credit=to_decimal_string(line.credit, currency),
            due_date=line.due_date,
            payment_mode=line.payment_mode,
            lettering=line.lettering,
            lettered_at=line.lettered_at,
            analytic=[
                AnalyticShare(plan=share.plan, section=share.section, amount=to_decimal_string(share.amount, currency))
                for share in line.analytic
            ],
        )


@strawberry.type(description="What an entry comes from.")
class EntrySource:
    type: str = _of_lines(description="Invoice, payment and the like.", example="invoice")
    id: UUID | None = _of_lines(description="Its identifier.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")


@strawberry.type(description="An entry (écriture): debit equals credit, in one currency.")
class JournalEntry(Node):
    node_id: strawberry.ID = node_id_field(_of_books)
    id: UUID = _of_books(description="Its identifier.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")
    journal_code: str = _of_books(description="The journal's code.", example="VE")
    journal_label: str = _of_books(description="The journal's name.", example="Ventes")
    entry_number: int = _of_books(description="Gapless in its journal and fiscal year, from 1.", example=42)
    entry_date: date = _of_books(description="The day it counts for.", example="2024-12-31")
    piece_ref: str = _of_books(description="The piece's reference.", example="F-2024-0001")
    piece_date: date = _of_books(description="The piece's date.", example="2024-12-31")
    label: str = _of_books(description="What it is about.", example="Facture F-2024-0001")
    currency: str = _of_books(description="ISO 4217 code.", example="XOF")
    exponent: int = _of_books(description="Decimals of the currency: 0 for XOF, 2 for EUR.", example=0)
    fiscal_year: str = _of_books(description="Code of the fiscal year.", example="2024")
    period: str = _of_books(description="Code of the accounting period.", example="2024-12")
    status: JournalEntryStatus = _of_books(description="Always validated here.", example="validated")
    validated_at: datetime = _of_books(
        description="When it became final, in the school's time zone.", example="2024-12-31T18:00:00+00:00"
    )
    source: EntrySource | None = _of_books(description="What it comes from; null when it was typed in.")
    reverses_entry_id: UUID | None = _of_books(
        description="The entry that this one reverses.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"
    )
    lines: list[JournalLine] = _of_books(description="At least two, in their order.", size=LINES_AN_ENTRY)

    @classmethod
    def of(cls, entry: records.EntryRecord, zone: ZoneInfo) -> Self:
        return cls(
            node_id=node_id_of("JournalEntry", entry.id),
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
            status=JournalEntryStatus(entry.status),
            validated_at=entry.validated_at.astimezone(zone),
            source=EntrySource(type=entry.source.type, id=entry.source.id) if entry.source else None,
            reverses_entry_id=entry.reverses_entry_id,
            lines=[JournalLine.of(line_no, line, entry.currency) for line_no, line in enumerate(entry.lines, start=1)],
        )


@strawberry.type(description="What the day's lines sum up to in one currency: debit equals credit.")
class JournalTotal:
    currency: str = _of_books(description="ISO 4217 code.", example="XOF")
    debit: str = _of_books(description="A decimal.", example="1500000")
    credit: str = _of_books(description="A decimal.", example="1500000")

    @classmethod
    def of(cls, total: records.Total) -> Self:
        debit, credit = (to_decimal_string(side, total.currency) for side in (total.debit, total.credit))
        return cls(currency=total.currency, debit=debit, credit=credit)


@strawberry.type(description="The validated entries of a day. A day without entries has zero counts.")
class JournalDay:
    on: date = _of_books(name="date", description="The day.", example="2024-12-31")
    provisional: bool = _of_books(
        description="True until the school's midnight that ends the day: more entries may still come.", example=False
    )
    entry_count: int = _of_books(description="How many entries.", example=12)
    line_count: int = _of_books(description="How many lines, over all entries.", example=31)
    totals: list[JournalTotal] = _of_books(description="One for each currency.", size=2)
    entries: list[JournalEntry] = _of_books(description="By journal, then by number.", size=ENTRIES_A_DAY)

    @classmethod
    def of(cls, day: records.JournalDayRecord, timezone: str) -> Self:
        zone = ZoneInfo(timezone)
        return cls(
            on=day.on,
            provisional=day.provisional,
            entry_count=len(day.entries),
            line_count=day.line_count,
            totals=[JournalTotal.of(total) for total in day.totals],
            entries=[JournalEntry.of(entry, zone) for entry in day.entries],
        )


async def _journals(
    info: Info,
    on: Annotated[
        date, argument(name="date", description="The day: the date of its entries.", metadata={"example": "2024-12-31"})
    ],
) -> JournalDay:
    context = info.context
    async with context.read() as session:
        day = await journals_of(session, on, today=today(context.clock, context.actor.timezone))
        context.saw(*await students_in(session, day.entries))
    return JournalDay.of(day, context.actor.timezone)


@strawberry.type
class JournalQuery:
    journals: JournalDay = scoped(
        Scope.FINANCE_JOURNALS_READ,
        description="The validated journal entries of a day, for accounting software.",
        resolver=_journals,
        cost=10,
    )


def _show(record: records.EntryRecord, context: Context) -> JournalEntry:
    return JournalEntry.of(record, ZoneInfo(context.actor.timezone))


JOURNAL_ENTRIES = NodeKind(JournalEntry, (Scope.FINANCE_JOURNALS_READ,), entries_by_id, _show)
