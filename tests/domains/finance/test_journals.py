"""A day of the books: posted, validated, read back whole, and told provisional until it has ended."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from app.api.cost import check_cost
from app.api.errors import InsufficientScope
from app.api.operations import Preparer
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.events.service import read_events
from app.domains.finance.errors import (
    EntryImmutable,
    EntryNotFound,
    FiscalYearTaken,
    JournalNotFound,
    LineNotOneSided,
    NoFiscalPeriod,
    PeriodClosed,
    UnbalancedEntry,
)
from app.domains.finance.journal_records import Analytic, Line, Source
from app.domains.finance.schema import Mutation, Query
from app.domains.finance.service import ensure_journal, open_fiscal_year, post_entry, validate_entry
from app.domains.students.schema import Query as StudentsQuery
from tests.support.clock import FixedClock
from tests.support.factories.finance import VALIDATED_AT, make_books, make_draft, make_entry, sale
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_student
from tests.support.operations import Asker

THE_DAY = date(2024, 12, 31)
JOURNALS = """query ($date: Date!) { journals(date: $date) {
    date provisional entryCount lineCount totals { currency debit credit }
    entries {
        id journalCode journalLabel entryNumber entryDate pieceRef pieceDate label currency exponent fiscalYear period
        status validatedAt source { type id } reversesEntryId
        lines { lineNo account accountLabel auxAccount auxLabel label debit credit dueDate paymentMode lettering
            letteredAt analytic { plan section amount } } } } }"""
SUMMARY = """query ($date: Date!) { journals(date: $date) {
    provisional entryCount lineCount totals { currency debit credit } entries { journalCode entryNumber } } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [StudentsQuery, Query], [Mutation])


@pytest.fixture
async def sage(database: Database) -> Actor:
    """The accounting software of a school that has the year 2024 and two journals."""
    actor = await make_actor(database, preset="comptabilite")
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await make_books(session)
    return actor


async def journals(asker: Asker, actor: Actor, document: str = SUMMARY, day: date = THE_DAY) -> dict[str, Any]:
    answer: dict[str, Any] = (await asker.data(actor, document, date=day.isoformat()))["journals"]
    return answer


async def test_an_entry_is_read_back_whole(database: Database, asker: Asker, sage: Actor) -> None:
    invoice_id = UUID("0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")
    receivable = Line(
        "4111",
        "Étudiants",
        debit=150_050,
        label="1re tranche",
        aux_account="2024/INF/0123",
        aux_label="Aïssatou N'Diaye",
        due_date=date(2025, 1, 5),
        payment_mode="wave",
        lettering="A",
        lettered_at=THE_DAY,
        analytic=(Analytic("CAMPUS", "DAKAR", 150_050),),
    )
    async with database.transaction(Wall.app(sage.school_id)) as session:
        posted = await post_entry(
            session,
            journal_code="ve",
            entry_date=THE_DAY,
            piece_ref="F-1",
            piece_date=date(2024, 12, 30),
            label="Facture F-1",
            currency="EUR",
            lines=[receivable, Line("7061", "Scolarité", credit=150_050)],
            source=Source("invoice", invoice_id),
        )
        await validate_entry(session, posted.id, now=VALIDATED_AT)
    assert (posted.journal_code, posted.number, posted.fiscal_year, posted.period) == ("VE", 1, "2024", "2024-12")
    empty = {"auxAccount": None, "auxLabel": None, "dueDate": None, "paymentMode": None, "lettering": None}
    assert await journals(asker, sage, JOURNALS) == {
        "date": "2024-12-31",
        "provisional": False,
        "entryCount": 1,
        "lineCount": 2,
        "totals": [{"currency": "EUR", "debit": "1500.50", "credit": "1500.50"}],
        "entries": [
            {
                "id": str(posted.id),
                "journalCode": "VE",
                "journalLabel": "Ventes",
                "entryNumber": 1,
                "entryDate": "2024-12-31",
                "pieceRef": "F-1",
                "pieceDate": "2024-12-30",
                "label": "Facture F-1",
                "currency": "EUR",
                "exponent": 2,
                "fiscalYear": "2024",
                "period": "2024-12",
                "status": "validated",
                "validatedAt": "2024-12-31T18:00:00+00:00",
                "source": {"type": "invoice", "id": str(invoice_id)},
                "reversesEntryId": None,
                "lines": [
                    {
                        "lineNo": 1,
                        "account": "4111",
                        "accountLabel": "Étudiants",
                        "auxAccount": "2024/INF/0123",
                        "auxLabel": "Aïssatou N'Diaye",
                        "label": "1re tranche",
                        "debit": "1500.50",
                        "credit": "0.00",
                        "dueDate": "2025-01-05",
                        "paymentMode": "wave",
                        "lettering": "A",
                        "letteredAt": "2024-12-31",
                        "analytic": [{"plan": "CAMPUS", "section": "DAKAR", "amount": "1500.50"}],
                    },
                    {
                        "lineNo": 2,
                        "account": "7061",
                        "accountLabel": "Scolarité",
                        "label": "Facture F-1",
                        "debit": "0.00",
                        "credit": "1500.50",
                        "letteredAt": None,
                        "analytic": [],
                        **empty,
                    },
                ],
            }
        ],
    }


async def test_a_day_without_entries_has_zero_counts(asker: Asker, sage: Actor) -> None:
    nothing = {"provisional": False, "entryCount": 0, "lineCount": 0, "totals": [], "entries": []}
    assert await journals(asker, sage) == nothing


async def test_entries_come_by_journal_and_number_with_totals_by_currency(
    database: Database, asker: Asker, sage: Actor
) -> None:
    async with database.transaction(Wall.app(sage.school_id)) as session:
        await make_entry(session)
        await make_entry(session, journal_code="BQ", lines=sale(7))
        await make_entry(session, currency="EUR", lines=sale(1))
        await make_entry(session, entry_date=date(2024, 12, 30))
        await make_draft(session)
    day = await journals(asker, sage)
    assert [tuple(entry.values()) for entry in day["entries"]] == [("BQ", 1), ("VE", 1), ("VE", 2)]
    assert (day["entryCount"], day["lineCount"]) == (3, 6)
    assert day["totals"] == [
        {"currency": "EUR", "debit": "0.01", "credit": "0.01"},
        {"currency": "XOF", "debit": "150007", "credit": "150007"},
    ]


@pytest.mark.parametrize(
    ("timezone", "now", "provisional"),
    [
        ("Europe/Paris", datetime(2024, 12, 31, 22, 59, tzinfo=UTC), True),
        ("Europe/Paris", datetime(2024, 12, 31, 23, 0, tzinfo=UTC), False),
        ("America/Martinique", datetime(2025, 1, 1, 3, 59, tzinfo=UTC), True),
        ("Africa/Dakar", datetime(2024, 1, 1, 0, 0, tzinfo=UTC), True),
    ],
)
async def test_a_day_is_provisional_until_the_schools_midnight(
    database: Database, asker: Asker, clock: FixedClock, timezone: str, now: datetime, provisional: bool
) -> None:
    actor = await make_actor(database, await make_school(database, timezone=timezone), "comptabilite")
    clock.set(now)
    assert (await journals(asker, actor))["provisional"] is provisional


async def test_another_schools_books_stay_closed(database: Database, asker: Asker, sage: Actor) -> None:
    async with database.transaction(Wall.app(sage.school_id)) as session:
        await make_entry(session)
    other = await make_actor(database, preset="comptabilite")
    assert (await journals(asker, other))["entryCount"] == 0


async def test_reading_is_audited_for_every_student_named(database: Database, asker: Asker, sage: Actor) -> None:
    async with database.transaction(Wall.app(sage.school_id)) as session:
        students = [await make_student(session, sage.school_id) for _ in range(3)]
        for student in students[:2]:
            await make_entry(session, lines=sale(aux_account=student.matricule.lower()))
        for account in ("FOURNISSEUR", "x" * 65):
            await make_entry(session, lines=sale(aux_account=account))
    await journals(asker, sage)
    async with database.raw(Wall.app(sage.school_id)) as connection:
        subjects = await connection.fetchval("SELECT subjects FROM audit_entry")
    assert subjects == sorted(student.id for student in students[:2])


async def test_two_statements_read_a_day_and_one_its_students(database: Database, asker: Asker, sage: Actor) -> None:
    async with database.transaction(Wall.app(sage.school_id)) as session:
        for _ in range(20):
            await make_entry(session, lines=sale(aux_account="2024/INF/0123"))
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        assert (await journals(asker, sage))["entryCount"] == 20
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert len(seen) == 3


def test_a_day_fits_the_limits_of_cost(asker: Asker) -> None:
    check_cost(Preparer(asker.schema).prepare(JOURNALS).estimator.ceiling)


async def test_the_registry_may_not_read(database: Database, asker: Asker) -> None:
    registry = await make_actor(database, preset="scolarite")
    with pytest.raises(InsufficientScope):
        await asker.ask(registry, SUMMARY, date="2024-12-31")


async def test_numbers_are_gapless_whoever_posts(database: Database, sage: Actor) -> None:
    async def post(fails: bool) -> int:
        async with database.transaction(Wall.app(sage.school_id)) as session:
            entry = await make_entry(session, lines=[*sale(), *sale()] if not fails else [*sale(), sale()[0]])
        return entry.number

    outcomes = await asyncio.gather(*(post(number % 3 == 0) for number in range(12)), return_exceptions=True)
    numbers = sorted(outcome for outcome in outcomes if isinstance(outcome, int))
    assert numbers == list(range(1, 9))
    assert sum(isinstance(outcome, UnbalancedEntry) for outcome in outcomes) == 4


async def test_numbers_start_again_each_year_and_in_each_journal(database: Database, sage: Actor) -> None:
    async with database.transaction(Wall.app(sage.school_id)) as session:
        await open_fiscal_year(session, code="2025", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
        for _ in range(2):
            await make_entry(session)
        later = await make_entry(session, entry_date=date(2025, 1, 1))
        elsewhere = await make_entry(session, journal_code="BQ")
    assert (later.number, later.fiscal_year, elsewhere.number) == (1, "2025", 1)


async def test_validating_puts_the_entry_into_the_log(database: Database, sage: Actor) -> None:
    async with database.transaction(Wall.app(sage.school_id)) as session:
        entry = await make_entry(session, lines=[*sale(100), *sale(50)])
    async with database.transaction(Wall.app(sage.school_id)) as session:
        opened, validated = await read_events(session, 0, 10)
    assert opened.type == "fiscal_year.opened"
    assert (validated.type, validated.subject) == ("journal_entry.validated", entry.id)
    assert validated.facts == {
        "journal": "VE",
        "number": 1,
        "entry_date": "2024-12-31",
        "piece_ref": validated.facts["piece_ref"],
        "currency": "XOF",
        "total": 150,
    }


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"lines": []}, UnbalancedEntry),
        ({"lines": sale()[:1]}, UnbalancedEntry),
        ({"lines": [sale(5)[0], sale(6)[1]]}, UnbalancedEntry),
        ({"lines": [Line("1", "Un", debit=5, credit=5), *sale()]}, LineNotOneSided),
        ({"lines": [Line("1", "Un"), *sale()]}, LineNotOneSided),
        ({"lines": [Line("1", "Un", debit=-5), Line("2", "Deux", credit=-5)]}, LineNotOneSided),
        ({"journal_code": "XX"}, JournalNotFound),
        ({"entry_date": date(2023, 12, 31)}, NoFiscalPeriod),
        ({"entry_date": date(2024, 11, 30)}, PeriodClosed),
        ({"currency": "ABC"}, InvalidInput),
    ],
)
async def test_refusals_have_names(
    database: Database, sage: Actor, changed: dict[str, Any], refusal: type[Exception]
) -> None:
    async with database.raw(Wall.app(sage.school_id)) as connection:
        await connection.execute("UPDATE fiscal_period SET closed_at = now() WHERE code <= '2024-11'")
    with pytest.raises(refusal):
        async with database.transaction(Wall.app(sage.school_id)) as session:
            await make_draft(session, **changed)


async def test_only_a_draft_is_validated(database: Database, sage: Actor) -> None:
    async with database.transaction(Wall.app(sage.school_id)) as session:
        entry = await make_entry(session)
        with pytest.raises(EntryNotFound):
            await validate_entry(session, sage.school_id, now=VALIDATED_AT)
    with pytest.raises(EntryImmutable):
        async with database.transaction(Wall.app(sage.school_id)) as session:
            await validate_entry(session, entry.id, now=VALIDATED_AT)


async def test_a_fiscal_year_may_begin_inside_a_month(database: Database) -> None:
    actor = await make_actor(database)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await open_fiscal_year(session, code="a", starts_on=date(2024, 9, 1), ends_on=date(2025, 8, 15))
        await open_fiscal_year(session, code="b", starts_on=date(2025, 8, 16), ends_on=date(2025, 9, 30))
        with pytest.raises(FiscalYearTaken):
            await open_fiscal_year(session, code="A", starts_on=date(2030, 1, 1), ends_on=date(2030, 12, 31))
        with pytest.raises(InvalidInput):
            await open_fiscal_year(session, code="c", starts_on=date(2030, 1, 1), ends_on=date(2030, 1, 1))
    async with database.raw(Wall.app(actor.school_id)) as connection:
        rows = await connection.fetch("SELECT code, starts_on, ends_on FROM fiscal_period ORDER BY starts_on")
    periods = [tuple(row) for row in rows]
    assert len(periods) == 14
    assert periods[-3:] == [
        ("2025-08", date(2025, 8, 1), date(2025, 8, 15)),
        ("2025-08-16", date(2025, 8, 16), date(2025, 8, 31)),
        ("2025-09", date(2025, 9, 1), date(2025, 9, 30)),
    ]


async def test_a_journal_keeps_its_label(database: Database, asker: Asker, sage: Actor) -> None:
    async with database.transaction(Wall.app(sage.school_id)) as session:
        first = await ensure_journal(session, code="od", label="Opérations diverses")
        assert await ensure_journal(session, code="OD", label="Autre") == first
        await make_entry(session, journal_code="OD")
    [entry] = (await journals(asker, sage, JOURNALS))["entries"]
    assert (entry["journalCode"], entry["journalLabel"]) == ("OD", "Opérations diverses")
