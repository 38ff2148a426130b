"""Finding entries, the trial balance of a period and the lines of an account."""

from datetime import date
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.finance.journal_records import PostedEntry
from app.domains.finance.schema import Mutation, Query
from app.domains.students.schema import Query as StudentsQuery
from tests.support.clock import FixedClock
from tests.support.factories.finance import make_books, make_draft, make_entry, sale
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.operations import Asker

ENTRIES = """query ($first: Int! = 20, $after: String, $journal: String, $period: String, $status: LedgerEntryStatus,
        $account: String, $auxAccount: String, $validatedSince: DateTime) {
    journalEntries(first: $first, after: $after, journal: $journal, period: $period, status: $status,
            account: $account, auxAccount: $auxAccount, validatedSince: $validatedSince) {
        nodes { id status } pageInfo { hasNextPage endCursor } } }"""
LEDGER = """query ($first: Int! = 20, $after: String, $aux: String, $since: Date) {
    generalLedger(account: "4111", auxAccount: $aux, since: $since, first: $first, after: $after) {
        nodes { entryDate journalCode entryNumber auxAccount debit credit currency }
        pageInfo { hasNextPage endCursor } } }"""
BALANCE = """query ($period: String!) { trialBalance(period: $period) {
    account accountLabel currency opening debit credit closing } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [StudentsQuery, Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


@pytest.fixture
async def entries(database: Database, core: Actor) -> list[PostedEntry]:
    """In November, two in December of which one is in euros, and a draft."""
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_student(session, core.school_id, matricule="ONE")
        await make_books(session)
        return [
            await make_entry(session, entry_date=date(2024, 11, 5), lines=sale(100, "ONE")),
            await make_entry(session, entry_date=date(2024, 12, 5), lines=sale(40, "TWO")),
            await make_entry(session, entry_date=date(2024, 12, 6), lines=sale(1050, "ONE"), currency="EUR"),
            await make_draft(session, entry_date=date(2024, 12, 7), journal_code="BQ", lines=sale(7)),
        ]


async def test_entries_are_found_by_each_filter(asker: Asker, core: Actor, entries: list[PostedEntry]) -> None:
    async def places(**wanted: Any) -> list[int]:
        found = (await asker.data(core, ENTRIES, **wanted))["journalEntries"]["nodes"]
        return [[str(entry.id) for entry in entries].index(node["id"]) for node in found]

    assert await places() == [0, 1, 2, 3]
    assert await places(journal="bq") == [3]
    assert await places(period="2024-11") == [0]
    assert await places(status="draft") == [3]
    assert await places(account="7061", auxAccount="ONE") == [0, 2]
    assert await places(account="9") == []
    assert await places(validatedSince="2024-12-31T18:00:00Z") == [0, 1, 2]
    assert await places(validatedSince="2024-12-31T18:00:01Z") == []


async def test_pages_of_entries_meet_without_overlap(asker: Asker, core: Actor, entries: list[PostedEntry]) -> None:
    seen, after = [], None
    for _ in entries:
        page = (await asker.data(core, ENTRIES, first=1, after=after))["journalEntries"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert (seen, page["pageInfo"]["hasNextPage"]) == ([str(entry.id) for entry in entries], False)


async def test_one_entry_and_nothing_for_another_schools(
    database: Database, asker: Asker, core: Actor, entries: list[PostedEntry]
) -> None:
    document = "query ($id: UUID!) { journalEntry(id: $id) { entryNumber lines { debit } } }"
    found = await asker.data(core, document, id=str(entries[0].id))
    assert found["journalEntry"] == {"entryNumber": 1, "lines": [{"debit": "100"}, {"debit": "0"}]}
    other = await make_actor(database)
    assert (await asker.data(other, document, id=str(entries[0].id)))["journalEntry"] is None


async def test_the_trial_balance_opens_with_what_came_before(
    asker: Asker, core: Actor, entries: list[PostedEntry]
) -> None:
    lines = (await asker.data(core, BALANCE, period="2024-12"))["trialBalance"]
    assert [tuple(line.values()) for line in lines] == [
        ("4111", "Étudiants", "EUR", "0.00", "10.50", "0.00", "10.50"),
        ("4111", "Étudiants", "XOF", "100", "40", "0", "140"),
        ("7061", "Scolarité", "EUR", "0.00", "0.00", "10.50", "-10.50"),
        ("7061", "Scolarité", "XOF", "-100", "0", "40", "-140"),
    ]
    assert await asker.refusal(core, BALANCE, period="1999-01") == ("PERIOD_NOT_FOUND", "period")


async def test_an_accounts_lines_come_by_day_and_are_audited(
    database: Database, asker: Asker, core: Actor, entries: list[PostedEntry]
) -> None:
    page = (await asker.data(core, LEDGER, first=2))["generalLedger"]
    assert [(line["entryDate"], line["auxAccount"], line["debit"]) for line in page["nodes"]] == [
        ("2024-11-05", "ONE", "100"),
        ("2024-12-05", "TWO", "40"),
    ]
    rest = (await asker.data(core, LEDGER, first=2, after=page["pageInfo"]["endCursor"]))["generalLedger"]
    assert [(line["debit"], line["currency"]) for line in rest["nodes"]] == [("10.50", "EUR")]
    assert not rest["pageInfo"]["hasNextPage"]
    one = (await asker.data(core, LEDGER, aux="ONE", since="2024-12-01"))["generalLedger"]["nodes"]
    assert [line["entryNumber"] for line in one] == [3]
    async with database.raw(Wall.app(core.school_id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit_entry WHERE cardinality(subjects) = 1") == 3
