"""Books that people keep: drafts until they are validated, numbers without a gap, reversals once, periods in order."""

import asyncio
from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.service import read_events
from app.domains.finance.schema import Mutation, Query
from app.domains.finance.service import choose_chart, open_fiscal_year
from app.domains.students.schema import Query as StudentsQuery
from tests.support.clock import FixedClock
from tests.support.factories.finance import make_draft, make_payment
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.operations import Asker

ENTRY = """__typename
    ... on LedgerEntry { id journalCode entryNumber entryDate pieceRef currency status validatedAt period fiscalYear
        reversesEntryId reversedByEntryId source { type }
        lines { account accountLabel auxAccount label debit credit } }
    ... on Failure { code field }"""
POST = """mutation ($input: PostEntryInput!, $key: String) {
    answer: postEntry(input: $input, idempotencyKey: $key) { %s } }"""
CHANGE = "mutation ($input: ChangeEntryInput!) { answer: changeEntry(input: $input) { %s } }"
VALIDATE = "mutation ($id: UUID!) { answer: validateEntry(entryId: $id) { %s } }"
REVERSE = "mutation ($input: ReverseEntryInput!) { answer: reverseEntry(input: $input) { %s } }"
POST, CHANGE, VALIDATE, REVERSE = (document % ENTRY for document in (POST, CHANGE, VALIDATE, REVERSE))
DELETE = """mutation ($id: UUID!) { answer: deleteEntry(entryId: $id) {
    __typename ... on DeletedEntry { id journalCode pieceRef } ... on Failure { code field } } }"""
CLOSE = """mutation ($code: String!) { answer: closePeriod(period: $code) {
    __typename ... on FiscalPeriod { code closedAt draftCount } ... on Failure { code field } } }"""
REOPEN = """mutation ($code: String!) { answer: reopenPeriod(period: $code, reason: "Facture oubliée") {
    __typename ... on FiscalPeriod { code closedAt } ... on Failure { code field } } }"""
OPEN_YEAR = """mutation ($input: OpenFiscalYearInput!) { answer: openFiscalYear(input: $input) {
    __typename ... on FiscalYear { code closedAt periods { code startsOn endsOn } } ... on Failure { code field } } }"""
CLOSE_YEAR = """mutation ($code: String!) { answer: closeFiscalYear(fiscalYear: $code) {
    __typename ... on FiscalYear { code closedAt } ... on Failure { code field } } }"""
REOPEN_YEAR = """mutation ($code: String!) { answer: reopenFiscalYear(fiscalYear: $code, reason: "Erreur") {
    __typename ... on FiscalYear { code closedAt } ... on Failure { code field } } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [StudentsQuery, Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    """A school with a chart and the year 2024."""
    actor = await make_actor(database)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        await choose_chart(session, "syscohada")
        await open_fiscal_year(session, code="2024", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31))
    return actor


def rent(**others: Any) -> dict[str, Any]:
    return {
        "journalCode": "od",
        "entryDate": "2024-12-31",
        "pieceRef": "OD-1",
        "pieceDate": "2024-12-30",
        "label": "Loyer",
        "currency": "XOF",
        "lines": [
            {"account": "622", "accountLabel": "Locations", "debit": "1500", "auxAccount": "one"},
            {"account": "521", "credit": "1500", "label": "Virement"},
        ],
        **others,
    }


async def do(asker: Asker, actor: Actor, document: str, **variables: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await asker.data(actor, document, **variables))["answer"]
    return answer


async def post(asker: Asker, actor: Actor, **others: Any) -> dict[str, Any]:
    return await do(asker, actor, POST, input=rent(**others))


async def posted(asker: Asker, actor: Actor, **others: Any) -> dict[str, Any]:
    """Posted and validated."""
    draft = await post(asker, actor, **others)
    return await do(asker, actor, VALIDATE, id=draft["id"])


async def log(database: Database, actor: Actor) -> list[str]:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return [event.type for event in await read_events(session, 0, 1_000)]


async def test_a_draft_has_no_number_until_it_is_validated(database: Database, asker: Asker, core: Actor) -> None:
    draft = await post(asker, core)
    assert (draft["status"], draft["entryNumber"], draft["validatedAt"]) == ("draft", None, None)
    assert (draft["journalCode"], draft["period"], draft["fiscalYear"]) == ("OD", "2024-12", "2024")
    assert draft["lines"] == [
        {
            "account": "622",
            "accountLabel": "Locations",
            "auxAccount": "one",
            "label": "Loyer",
            "debit": "1500",
            "credit": "0",
        },
        {
            "account": "521",
            "accountLabel": "Banques locales",
            "auxAccount": None,
            "label": "Virement",
            "debit": "0",
            "credit": "1500",
        },
    ]
    final = await do(asker, core, VALIDATE, id=draft["id"])
    assert (final["status"], final["entryNumber"]) == ("validated", 1)
    assert final["validatedAt"] == "2025-01-13T09:00:00+00:00"
    assert await do(asker, core, VALIDATE, id=draft["id"]) == failed("EntryImmutable", "ENTRY_IMMUTABLE", "entryId")
    assert (await log(database, core))[-2:] == ["journal_entry.posted", "journal_entry.validated"]


def failed(typename: str, code: str, field: str | None) -> dict[str, Any]:
    return {"__typename": typename, "code": code, "field": field}


async def test_a_draft_is_changed_and_deleted_without_leaving_a_gap(
    database: Database, asker: Asker, core: Actor
) -> None:
    drafts = [await post(asker, core, pieceRef=f"OD-{n}") for n in range(3)]
    lines = [{"account": "521", "debit": "7"}, {"account": "571", "credit": "7"}]
    changed = await do(
        asker, core, CHANGE, input=rent(entryId=drafts[2]["id"], journalCode="CA", entryDate="2024-11-05", lines=lines)
    )
    assert (changed["journalCode"], changed["period"], changed["lines"][0]["debit"]) == ("CA", "2024-11", "7")
    gone = await do(asker, core, DELETE, id=drafts[0]["id"])
    assert gone == {"__typename": "DeletedEntry", "id": drafts[0]["id"], "journalCode": "OD", "pieceRef": "OD-0"}
    numbers = [(await do(asker, core, VALIDATE, id=draft["id"]))["entryNumber"] for draft in drafts[1:]]
    assert numbers == [1, 1]
    assert Counter(await log(database, core)) >= Counter({"journal_entry.changed": 1, "journal_entry.deleted": 1})
    for document in (CHANGE, DELETE):
        variables = {"input": rent(entryId=drafts[1]["id"])} if document is CHANGE else {"id": drafts[1]["id"]}
        assert (await do(asker, core, document, **variables))["code"] == "ENTRY_IMMUTABLE"
        variables = {"input": rent(entryId=str(uuid4()))} if document is CHANGE else {"id": str(uuid4())}
        assert await do(asker, core, document, **variables) == failed("EntryNotFound", "ENTRY_NOT_FOUND", "entryId")


async def test_a_draft_that_came_with_a_number_goes_only_as_the_last(
    database: Database, asker: Asker, core: Actor
) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        first, last = [await make_draft(session, journal_code="OD") for _ in range(2)]
    answer = await do(asker, core, DELETE, id=str(first.id))
    assert answer == failed("EntryNumberFollowed", "ENTRY_NUMBER_FOLLOWED", "entryId")
    for entry in (last, first):
        assert (await do(asker, core, DELETE, id=str(entry.id)))["__typename"] == "DeletedEntry"


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"journalCode": "ZZ"}, "JOURNAL_NOT_FOUND", "journalCode"),
        ({"entryDate": "2023-12-31"}, "NO_FISCAL_PERIOD", "entryDate"),
        ({"lines": []}, "UNBALANCED_ENTRY", "lines"),
        (
            {"lines": [{"account": "521", "debit": "7"}, {"account": "571", "credit": "8"}]},
            "UNBALANCED_ENTRY",
            "lines",
        ),
        (
            {"lines": [{"account": "521", "debit": "7", "credit": "7"}, {"account": "571", "credit": "0"}]},
            "LINE_NOT_ONE_SIDED",
            "lines",
        ),
        (
            {"lines": [{"account": "521", "debit": "7"}, {"account": "99", "credit": "7"}]},
            "ACCOUNT_NOT_FOUND",
            "lines.1.account",
        ),
        ({"pieceRef": " "}, "INVALID_INPUT", "pieceRef"),
        ({"currency": "ABC"}, "INVALID_INPUT", "currency"),
        (
            {"lines": [{"account": "521", "debit": "7.5"}, {"account": "571", "credit": "7.5"}]},
            "INVALID_INPUT",
            "lines.0.debit",
        ),
        (
            {
                "lines": [
                    {"account": "521", "debit": "7"},
                    {
                        "account": "571",
                        "credit": "7",
                        "analytic": [{"plan": "CAMPUS", "section": "DAKAR", "amount": "sept"}],
                    },
                ]
            },
            "INVALID_INPUT",
            "lines.1.analytic.0.amount",
        ),
    ],
)
async def test_what_a_draft_cannot_say(
    asker: Asker, core: Actor, changed: dict[str, Any], code: str, field: str
) -> None:
    answer = await post(asker, core, **changed)
    assert (answer["code"], answer["field"]) == (code, field)


async def test_euros_have_cents_beside_francs_that_have_none(asker: Asker, core: Actor) -> None:
    lines = [{"account": "521", "debit": "7.5"}, {"account": "571", "credit": "7.50"}]
    entry = await posted(asker, core, currency="EUR", lines=lines)
    assert [line["debit"] for line in entry["lines"]] == ["7.50", "0.00"]


async def test_a_reversal_swaps_the_sides_once(database: Database, asker: Asker, core: Actor) -> None:
    entry = await posted(asker, core)
    asked = {"entryId": entry["id"], "entryDate": "2024-12-31"}
    reversal = await do(asker, core, REVERSE, input=asked)
    assert (reversal["status"], reversal["entryNumber"], reversal["reversesEntryId"]) == ("validated", 2, entry["id"])
    assert [(line["account"], line["debit"], line["credit"]) for line in reversal["lines"]] == [
        ("622", "0", "1500"),
        ("521", "1500", "0"),
    ]
    again = await do(asker, core, REVERSE, input=asked)
    assert again == failed("EntryAlreadyReversed", "ENTRY_ALREADY_REVERSED", "entryId")
    assert Counter(await log(database, core))["journal_entry.reversed"] == 1


async def test_many_reverse_an_entry_at_once_and_one_does(database: Database, asker: Asker, core: Actor) -> None:
    entry = await posted(asker, core)
    asked = {"entryId": entry["id"], "entryDate": "2024-12-31"}
    answers = await asyncio.gather(*(do(asker, core, REVERSE, input=asked) for _ in range(8)))
    assert Counter(answer["__typename"] for answer in answers) == {"LedgerEntry": 1, "EntryAlreadyReversed": 7}


async def test_what_is_not_reversed(database: Database, asker: Asker, core: Actor) -> None:
    draft = await post(asker, core)
    answer = await do(asker, core, REVERSE, input={"entryId": draft["id"], "entryDate": "2024-12-31"})
    assert answer == failed("EntryNotValidated", "ENTRY_NOT_VALIDATED", "entryId")
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_student(session, core.school_id, matricule="ONE")
        await open_fiscal_year(session, code="2025", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
        await make_payment(session, core, "ONE", 500)
    async with database.raw(Wall.app(core.school_id)) as connection:
        paid: UUID = await connection.fetchval("SELECT id FROM journal_entry WHERE source_type = 'payment'")
    answer = await do(asker, core, REVERSE, input={"entryId": str(paid), "entryDate": "2025-01-31"})
    assert answer == failed("EntryMadeFromFact", "ENTRY_MADE_FROM_FACT", "entryId")


async def test_fifty_at_once_under_one_key_make_one_draft(database: Database, asker: Asker, core: Actor) -> None:
    outcomes = await asyncio.gather(
        *(asker.ask(core, POST, input=rent(), key="K") for _ in range(50)), return_exceptions=True
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    async with database.raw(Wall.app(core.school_id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM journal_entry") == 1


async def test_a_period_closes_without_drafts_in_order_and_opens_again_for_a_reason(
    database: Database, asker: Asker, core: Actor
) -> None:
    draft = await post(asker, core, entryDate="2024-01-31")
    assert await do(asker, core, CLOSE, code="2024-01") == failed("PeriodHasDrafts", "PERIOD_HAS_DRAFTS", "period")
    await do(asker, core, VALIDATE, id=draft["id"])
    assert await do(asker, core, CLOSE, code="2024-02") == failed("PeriodOutOfOrder", "PERIOD_OUT_OF_ORDER", "period")
    closed = await do(asker, core, CLOSE, code="2024-01")
    assert (closed["code"], closed["closedAt"]) == ("2024-01", "2025-01-13T09:00:00+00:00")
    assert (await do(asker, core, CLOSE, code="2024-01"))["code"] == "PERIOD_UNCHANGED"
    assert (await do(asker, core, CLOSE, code="2023-01"))["code"] == "PERIOD_NOT_FOUND"
    answer = await post(asker, core, entryDate="2024-01-31")
    assert answer == failed("PeriodClosed", "PERIOD_CLOSED", "entryDate")
    await do(asker, core, CLOSE, code="2024-02")
    assert (await do(asker, core, REOPEN, code="2024-01"))["code"] == "PERIOD_OUT_OF_ORDER"
    assert (await do(asker, core, REOPEN, code="2024-02"))["closedAt"] is None
    told = [kind for kind in await log(database, core) if kind.startswith("period.")]
    assert told == ["period.closed", "period.closed", "period.opened"]


async def test_a_year_closes_after_its_periods(database: Database, asker: Asker, core: Actor) -> None:
    assert (await do(asker, core, CLOSE_YEAR, code="2024"))["code"] == "FISCAL_YEAR_HAS_OPEN_PERIODS"
    for month in range(1, 13):
        await do(asker, core, CLOSE, code=f"2024-{month:02}")
    assert (await do(asker, core, CLOSE_YEAR, code="2024"))["closedAt"] is not None
    assert (await do(asker, core, REOPEN, code="2024-12"))["code"] == "FISCAL_YEAR_CLOSED"
    assert (await do(asker, core, REOPEN_YEAR, code="2024"))["closedAt"] is None
    assert (await do(asker, core, REOPEN, code="2024-12"))["closedAt"] is None


async def test_a_year_ends_where_the_school_says(asker: Asker, core: Actor) -> None:
    year = {"code": "2025", "startsOn": "2025-01-01", "endsOn": "2025-02-14"}
    assert (await do(asker, core, OPEN_YEAR, input=year))["periods"] == [
        {"code": "2025-01", "startsOn": "2025-01-01", "endsOn": "2025-01-31"},
        {"code": "2025-02", "startsOn": "2025-02-01", "endsOn": "2025-02-14"},
    ]
    following = {"code": "2026", "startsOn": "2025-02-14", "endsOn": "2026-02-13"}
    assert (await do(asker, core, OPEN_YEAR, input=following))["code"] == "FISCAL_YEAR_OVERLAPS"
    opened = await do(asker, core, OPEN_YEAR, input={**following, "startsOn": "2025-02-15"})
    assert opened["periods"][0] == {"code": "2025-02-15", "startsOn": "2025-02-15", "endsOn": "2025-02-28"}
    assert (await do(asker, core, OPEN_YEAR, input=year))["code"] == "FISCAL_YEAR_TAKEN"


async def test_accounting_software_reads_and_does_not_write(database: Database, asker: Asker) -> None:
    sage = await make_actor(database, preset="comptabilite")
    for document, variables in ((POST, {"input": rent()}), ("{ fiscalYears { code } }", {})):
        with pytest.raises(InsufficientScope):
            await asker.ask(sage, document, **variables)
