"""Whatever a sender does, an attempt ends with an outcome."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from app.core.signing import Signer
from app.delivery.sending import attempt
from app.domains.webhooks.claiming import LEASE_MARGIN, Claimed
from app.domains.webhooks.endpoints import Secret, Target
from app.domains.webhooks.envelope import Happened
from app.domains.webhooks.outcomes import Cancellable, Kind, Outcome, PreparedDelivery, Sender, T

NOW = datetime(2025, 1, 13, 9, tzinfo=UTC)
NEW, OLD, GONE = Signer(b"new"), Signer(b"old"), Signer(b"gone")
TARGET = Target(
    school_id=uuid4(),
    endpoint_id=uuid4(),
    version=1,
    school="LYCEE",
    url="https://example.org/hook",
    thin=False,
    headers=(),
    timeout_seconds=1,
    long_tail=False,
    secrets=(Secret(NEW, None), Secret(OLD, NOW + timedelta(seconds=1)), Secret(GONE, NOW)),
)
OK = Outcome(Kind.OK, 1, status=200)


def claimed(**changes: object) -> Claimed:
    target = changes.get("target", TARGET)
    assert isinstance(target, Target)
    made = Claimed(
        school_id=target.school_id,
        endpoint_id=target.endpoint_id,
        event_id=uuid4(),
        replay=0,
        number=1,
        token=uuid4(),
        failures=0,
        lost=0,
        long_tail=target.long_tail,
        target=target,
        event=Happened(uuid4(), "wallet.low", uuid4(), "{}", NOW),
        slow=False,
        now=NOW,
        taken=time.monotonic(),
    )
    return replace(made, **changes)


class Scripted:
    """A sender that does as it is told, and remembers what it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.given: list[PreparedDelivery] = []

    def start(
        self, batch: Sequence[tuple[PreparedDelivery, T]], done: Callable[[T, Outcome], None]
    ) -> Sequence[Cancellable]:
        if self._error is not None:
            raise self._error
        self.given += [prepared for prepared, _ in batch]
        return [asyncio.get_running_loop().call_soon(done, key, OK) for _, key in batch]


async def outcomes_of(sender: Sender, *claimed: Claimed) -> list[Outcome]:
    """In the order of what was claimed."""
    told: dict[Claimed, Outcome] = {}
    attempt(sender, claimed, told.__setitem__)
    assert told == {}, "nobody is told before the attempts have begun"
    while len(told) < len(claimed):
        await asyncio.sleep(0)
    return [told[each] for each in claimed]


async def outcome_of(sender: Sender, claimed: Claimed) -> Outcome:
    [outcome] = await outcomes_of(sender, claimed)
    return outcome


async def test_only_secrets_that_have_not_expired_sign() -> None:
    sender = Scripted()
    assert (await outcome_of(sender, claimed())).ok
    assert sender.given[0].signers == (NEW, OLD)


async def test_a_single_secret_that_expires_does_so_too() -> None:
    alone = replace(TARGET, secrets=(Secret(OLD, NOW),))
    assert (await outcome_of(Scripted(), claimed(target=alone))).kind is Kind.UNSIGNED
    assert alone.signers_at(NOW - timedelta(seconds=1)) == (OLD,)


async def test_nothing_goes_out_unsigned() -> None:
    sender = Scripted()
    outcome = await outcome_of(sender, claimed(target=replace(TARGET, secrets=())))
    assert (outcome.kind, sender.given) == (Kind.UNSIGNED, [])


async def test_an_unforeseen_error_is_an_outcome_without_its_message() -> None:
    outcome = await outcome_of(Scripted(LookupError("with data")), claimed())
    assert (outcome.kind, outcome.error) == (Kind.PROTOCOL, "LookupError")


async def test_what_cannot_even_be_written_is_an_outcome_too() -> None:
    unwritable = Happened(uuid4(), "wallet.low", uuid4(), "not JSON", NOW)
    assert (await outcome_of(Scripted(), claimed(event=unwritable))).kind is Kind.PROTOCOL


async def test_a_process_that_stood_still_after_its_claim_sends_nothing() -> None:
    sender = Scripted()
    outcome = await outcome_of(sender, claimed(taken=time.monotonic() - LEASE_MARGIN - 1))
    assert (outcome.kind, sender.given) == (Kind.INTERRUPTED, [])


async def test_nobody_is_told_of_what_was_cancelled() -> None:
    told: dict[Claimed, Outcome] = {}
    unsigned = claimed(target=replace(TARGET, secrets=()))
    for each in attempt(Scripted(), [claimed(), unsigned], told.__setitem__):
        each.cancel()
    await asyncio.sleep(0)
    assert told == {}


async def test_each_of_a_batch_is_told_its_own_outcome() -> None:
    unsigned, unwritable = replace(TARGET, secrets=()), Happened(uuid4(), "wallet.low", uuid4(), "not JSON", NOW)
    sender = Scripted()
    batch = [claimed(), claimed(target=unsigned), claimed(), claimed(event=unwritable), claimed()]
    outcomes = await outcomes_of(sender, *batch)
    assert [each.kind for each in outcomes] == [Kind.OK, Kind.UNSIGNED, Kind.OK, Kind.PROTOCOL, Kind.OK]
    assert len(sender.given) == 3
