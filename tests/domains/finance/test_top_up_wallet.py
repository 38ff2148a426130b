"""Filling wallets, and emptying them by a meal."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.api.errors import InsufficientScope
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.service import read_events
from app.domains.finance.errors import CurrencyMismatch, InsufficientBalance, WalletConflict
from app.domains.finance.schema import Mutation, Query
from app.domains.finance.service import debit_meal
from app.domains.students.records import StudentIdentity
from app.domains.students.schema import Query as StudentsQuery
from tests.support.clock import A_MONDAY_MORNING, FixedClock
from tests.support.factories.finance import make_top_up
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.operations import Asker

TOP_UP = """mutation ($input: TopUpWalletInput!, $key: String) {
    topUpWallet(input: $input, idempotencyKey: $key) {
        __typename
        ... on WalletTopUp { id matricule provider reference amount currency balance }
        ... on Failure { code message field } } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [StudentsQuery, Query], [Mutation])


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


@pytest.fixture
async def student(database: Database, core: Actor) -> StudentIdentity:
    async with database.transaction(Wall.app(core.school_id)) as session:
        return await make_student(session, core.school_id)


async def top_up(
    asker: Asker, actor: Actor, matricule: str, amount: str, *, key: str | None = None, **others: Any
) -> dict[str, Any]:
    given = {"matricule": matricule, "provider": "wave", "reference": "W-1", "amount": amount, "currency": "XOF"}
    data = await asker.data(actor, TOP_UP, input={**given, **others}, key=key)
    answer: dict[str, Any] = data["topUpWallet"]
    return answer


async def eat(
    database: Database, actor: Actor, student: StudentIdentity, amount: int, reference: str, **others: Any
) -> UUID:
    given = {"currency": "XOF", "occurred_at": A_MONDAY_MORNING, "offline": False, **others}
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return await debit_meal(session, student_id=student.id, amount=amount, reference=reference, **given)


async def log(database: Database, actor: Actor) -> list[tuple[str, int]]:
    """(type, balance) of the events."""
    async with database.transaction(Wall.app(actor.school_id)) as session:
        return [(event.type, event.facts["balance"]) for event in await read_events(session, 0, 100)]


async def balance(database: Database, actor: Actor) -> tuple[int, int]:
    """What the wallet says and what its ledger sums up to; the school has one wallet."""
    async with database.raw(Wall.app(actor.school_id)) as connection:
        kept = await connection.fetchval("SELECT balance FROM wallet")
        return kept, await connection.fetchval("SELECT coalesce(sum(amount), 0)::bigint FROM wallet_entry")


async def test_top_up_wallet(database: Database, asker: Asker, core: Actor, student: StudentIdentity) -> None:
    answer = await top_up(asker, core, student.matricule, "5000")
    assert answer == {
        "__typename": "WalletTopUp",
        "id": answer["id"],
        "matricule": student.matricule,
        "provider": "wave",
        "reference": "W-1",
        "amount": "5000",
        "currency": "XOF",
        "balance": "5000",
    }
    assert (await top_up(asker, core, student.matricule, "500", reference="W-2"))["balance"] == "5500"
    assert await log(database, core) == [("wallet.topped_up", 5000), ("wallet.topped_up", 5500)]
    assert await balance(database, core) == (5500, 5500)


async def test_a_callback_twice_is_one_top_up(
    database: Database, asker: Asker, core: Actor, student: StudentIdentity
) -> None:
    answers = await asyncio.gather(*(top_up(asker, core, student.matricule, "5000") for _ in range(6)))
    assert all(answer == answers[0] for answer in answers)
    other = await top_up(asker, core, student.matricule, "5000", provider="mtn")
    assert other["balance"] == "10000"
    assert await log(database, core) == [("wallet.topped_up", 5000), ("wallet.topped_up", 10000)]


async def test_expected_failures(database: Database, asker: Asker, core: Actor, student: StudentIdentity) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        other = await make_student(session, core.school_id)
    await top_up(asker, core, student.matricule, "5000")
    answers = [
        await top_up(asker, core, "NOBODY", "5000", reference="W-2"),
        await top_up(asker, core, student.matricule, "5001"),
        await top_up(asker, core, other.matricule, "5000"),
        await top_up(asker, core, student.matricule, "5000", reference="W-2", currency="EUR"),
    ]
    assert [(answer["__typename"], answer["field"]) for answer in answers] == [
        ("StudentNotFound", "matricule"),
        ("WalletConflict", "reference"),
        ("WalletConflict", "reference"),
        ("CurrencyMismatch", "currency"),
    ]
    assert await balance(database, core) == (5000, 5000)


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"amount": "0"}, "amount"), ({"amount": "0.5"}, "amount"), ({"currency": "xof"}, "currency")],
)
async def test_unusable_input_is_refused(
    asker: Asker, core: Actor, student: StudentIdentity, changed: dict[str, str], field: str
) -> None:
    given = {"matricule": student.matricule, "provider": "cash", "reference": "C", "amount": "5", "currency": "XOF"}
    assert await asker.refusal(core, TOP_UP, input={**given, **changed}) == ("INVALID_INPUT", field)


async def test_an_idempotency_key_repeats_the_answer(
    database: Database, asker: Asker, core: Actor, student: StudentIdentity
) -> None:
    first = await top_up(asker, core, student.matricule, "5000", key="K")
    await top_up(asker, core, student.matricule, "500", reference="W-2", key="K2")
    assert await top_up(asker, core, student.matricule, "5000", key="K") == first
    assert await balance(database, core) == (5500, 5500)


async def test_the_canteen_may_not_fill(database: Database, asker: Asker) -> None:
    canteen = await make_actor(database, preset="cantine")
    with pytest.raises(InsufficientScope):
        await asker.ask(canteen, TOP_UP, input={})


async def test_a_meal_is_debited_once(database: Database, core: Actor, student: StudentIdentity) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_top_up(session, core, student.matricule, 1500)
    first = await eat(database, core, student, 500, "M-1")
    assert await eat(database, core, student, 500, "M-1") == first
    with pytest.raises(WalletConflict):
        await eat(database, core, student, 600, "M-1")
    assert await balance(database, core) == (1000, 1000)


async def test_a_wallet_says_once_that_it_is_low(database: Database, core: Actor, student: StudentIdentity) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_top_up(session, core, student.matricule, 1700)
    for number in range(3):
        await eat(database, core, student, 500, f"M-{number}")
    await eat(database, core, student, 500, "M-3", offline=True)
    assert await log(database, core) == [("wallet.topped_up", 1700), ("wallet.low", 200)]
    assert await balance(database, core) == (-300, -300)


async def test_only_offline_goes_below_zero(database: Database, core: Actor, student: StudentIdentity) -> None:
    with pytest.raises(InsufficientBalance):
        await eat(database, core, student, 500, "M-1")
    async with database.raw(Wall.app(core.school_id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM wallet") == 0
    await eat(database, core, student, 500, "M-1", offline=True)
    with pytest.raises(CurrencyMismatch):
        await eat(database, core, student, 500, "M-2", offline=True, currency="EUR")
    assert await balance(database, core) == (-500, -500)


async def test_a_refused_meal_leaves_the_transaction_usable(
    database: Database, core: Actor, student: StudentIdentity
) -> None:
    meal = {"student_id": student.id, "amount": 500, "currency": "XOF", "occurred_at": A_MONDAY_MORNING}
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_top_up(session, core, student.matricule, 500)
        await debit_meal(session, **meal, reference="M-1", offline=False)
        with pytest.raises(InsufficientBalance):
            await debit_meal(session, **meal, reference="M-2", offline=False)
    assert await log(database, core) == [("wallet.topped_up", 500), ("wallet.low", 0)]
    assert await balance(database, core) == (0, 0)


async def test_meals_at_once_never_overdraw(database: Database, core: Actor, student: StudentIdentity) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await make_top_up(session, core, student.matricule, 1200)
    outcomes = await asyncio.gather(
        *(eat(database, core, student, 500, f"M-{number}") for number in range(6)), return_exceptions=True
    )
    assert sum(isinstance(outcome, UUID) for outcome in outcomes) == 2
    assert sum(isinstance(outcome, InsufficientBalance) for outcome in outcomes) == 4
    assert await balance(database, core) == (200, 200)


@pytest.mark.parametrize(
    ("failure", "others"), [("CurrencyMismatch", {"currency": "EUR"}), ("WalletConflict", {"amount": "501"})]
)
async def test_a_refusal_that_speaks_of_a_student_is_audited(
    database: Database, asker: Asker, core: Actor, student: StudentIdentity, failure: str, others: dict[str, str]
) -> None:
    await top_up(asker, core, student.matricule, "500")
    refused = await top_up(asker, core, student.matricule, **{"amount": "500", **others})
    assert refused["__typename"] == failure
    async with database.raw(Wall.app(core.school_id)) as connection:
        rows = await connection.fetch("SELECT subjects FROM audit_entry")
    assert [row["subjects"] for row in rows] == [[student.id]] * 2
