"""Whatever a sender does, an attempt ends with an outcome."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from app.core.outbound import Deadlines
from app.delivery.sending import attempt
from app.domains.webhooks.claiming import LEASE_MARGIN, Claimed
from app.domains.webhooks.endpoints import Secret, Target
from app.domains.webhooks.envelope import Happened
from app.domains.webhooks.outcomes import Kind, Outcome, PreparedDelivery
from app.domains.webhooks.settling import Progress

NOW = datetime(2025, 1, 13, 9, tzinfo=UTC)
TARGET = Target(
    school_id=uuid4(),
    endpoint_id=uuid4(),
    version=1,
    school="LYCEE",
    url="https://example.org/hook",
    thin=False,
    headers={},
    timeout_seconds=1,
    long_tail=False,
    secrets=(Secret(b"new", None), Secret(b"old", NOW + timedelta(seconds=1)), Secret(b"gone", NOW)),
)


def claimed(**changes: object) -> Claimed:
    made = Claimed(
        target=TARGET,
        event=Happened(uuid4(), "wallet.low", uuid4(), "{}", NOW),
        replay=0,
        number=1,
        progress=Progress(),
        token=uuid4(),
        slow=False,
        now=NOW,
        taken=time.monotonic(),
    )
    return replace(made, **changes)


class Scripted:
    """A sender that does as it is told, and remembers what it was given."""

    def __init__(self, does: Callable[[], Awaitable[Outcome]]) -> None:
        self._does = does
        self.given: list[PreparedDelivery] = []

    async def send(self, prepared: PreparedDelivery) -> Outcome:
        self.given.append(prepared)
        return await self._does()


async def ok() -> Outcome:
    return Outcome(Kind.OK, 1, status=200)


async def fail() -> Outcome:
    raise LookupError("with data")


async def never() -> Outcome:
    await asyncio.Event().wait()
    raise AssertionError


async def test_only_secrets_that_have_not_expired_sign() -> None:
    sender = Scripted(ok)
    assert (await attempt(sender, claimed(), Deadlines())).ok
    assert sender.given[0].secrets == (b"new", b"old")


async def test_nothing_goes_out_unsigned() -> None:
    sender = Scripted(ok)
    outcome = await attempt(sender, claimed(target=replace(TARGET, secrets=())), Deadlines())
    assert (outcome.kind, sender.given) == (Kind.UNSIGNED, [])


async def test_an_unforeseen_error_is_an_outcome_without_its_message() -> None:
    outcome = await attempt(Scripted(fail), claimed(), Deadlines())
    assert (outcome.kind, outcome.error) == (Kind.PROTOCOL, "LookupError")


async def test_what_cannot_even_be_written_is_an_outcome_too() -> None:
    unwritable = Happened(uuid4(), "wallet.low", uuid4(), "not JSON", NOW)
    assert (await attempt(Scripted(ok), claimed(event=unwritable), Deadlines())).kind is Kind.PROTOCOL


async def test_a_sender_that_does_not_come_back_is_given_up() -> None:
    outcome = await attempt(Scripted(never), claimed(), Deadlines())
    assert outcome.kind is Kind.TIMEOUT
    assert outcome.latency_ms >= 1000


async def test_being_cut_off_is_an_outcome() -> None:
    sender = Scripted(never)
    task = asyncio.create_task(attempt(sender, claimed(), Deadlines()))
    while not sender.given:
        await asyncio.sleep(0)
    task.cancel()
    assert (await task).kind is Kind.INTERRUPTED


async def test_a_process_that_stood_still_after_its_claim_sends_nothing() -> None:
    sender = Scripted(ok)
    outcome = await attempt(sender, claimed(taken=time.monotonic() - LEASE_MARGIN - 1), Deadlines())
    assert (outcome.kind, sender.given) == (Kind.INTERRUPTED, [])
