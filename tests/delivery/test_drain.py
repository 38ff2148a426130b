"""From a committed event to a signed request, whatever the receivers do and whether or not Valkey is there."""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import pairwise

import orjson
import pytest
import structlog
from jsonschema_rs import Draft202012Validator
from standardwebhooks import Webhook

from app.core.crypto import CannotOpen, Sealed, Vault
from app.core.database import Database, Wall
from app.core.doorbell import Doorbell
from app.delivery.options import Options
from app.domains.events.topics import Topic
from app.domains.partners.service import find_partner, issue_key, revoke_key
from app.domains.partners.tables import School
from app.domains.webhooks.claiming import ENDPOINTS_AT_ONCE
from app.domains.webhooks.envelope import webhook_id
from app.domains.webhooks.fanning import expand
from app.domains.webhooks.outcomes import Cancellable
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.service import resume_endpoint
from app.web.asyncapi import document
from tests.delivery.conftest import draining, eventually, in_full_swing, states
from tests.support.clock import FixedClock
from tests.support.factories.partners import PEPPERS, make_key, make_school
from tests.support.factories.webhooks import SECRET, VAULT, Deliveries, change_endpoint, happen, make_endpoint
from tests.support.receiver import Receiver, drip, hang, reset, status

QUICK = Options(schedule=(1, 1, 1), grace=5.0)


async def test_an_event_arrives_once_signed_and_in_its_envelope(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    endpoint = await make_endpoint(fresh_database, school, receiver.url("/a"), payload="full")
    async with draining(fresh_database):
        [subject] = await happen(fresh_database, school, number="F-1", label="Frais d'été")
        await eventually(states(deliveries, {"succeeded": 1}))
    [got] = receiver.ledger
    verified = Webhook(f"whsec_{b64encode(SECRET).decode()}").verify(got.body, got.headers)
    assert verified == got.event
    [event] = await deliveries.rows("SELECT id, occurred_at FROM event")
    assert got.webhook_id == webhook_id(event["id"], endpoint)
    assert got.event == {
        "specversion": "1.0",
        "id": str(event["id"]),
        "type": "wallet.low",
        "schemaversion": 1,
        "source": f"/schools/{school.code}",
        "time": event["occurred_at"].isoformat(),
        "school": school.code,
        "subject": str(subject),
        "data": {"number": "F-1", "label": "Frais d'été"},
    }
    assert await deliveries.outcomes(endpoint) == [(1, "ok")]
    published = orjson.loads(document())["components"]["schemas"]
    for name, shape in published["Headers"]["properties"].items():
        Draft202012Validator(shape).validate(got.headers[name.lower()])
    Draft202012Validator(published["Envelope"], validate_formats=True).validate(got.event)


async def test_a_thin_payload_tells_identifiers_only(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    await make_endpoint(fresh_database, school, receiver.url("/a"))
    await happen(fresh_database, school, number="F-1", label="Frais", total=300)
    async with draining(fresh_database):
        await eventually(states(deliveries, {"succeeded": 1}))
    assert receiver.ledger[0].event["data"] == {"number": "F-1"}


async def test_a_ring_is_enough(fresh_database_url: str, school: School, receiver: Receiver, redis_url: str) -> None:
    """Nobody looks by the clock here: what arrives was rung for."""
    async with Doorbell(redis_url) as doorbell, Database(fresh_database_url, announce=doorbell.ring) as database:
        await make_endpoint(database, school, receiver.url("/a"))
        async with draining(database, redis_url, look_seconds=3600):
            await happen(database, school)
            await eventually(lambda: _has(receiver, 1))
            for count in range(2, 12):
                await happen(database, school)
                await eventually(lambda count=count: _has(receiver, count), 5)  # type: ignore[misc]


async def test_one_ring_serves_more_endpoints_than_one_claim_looks_at(
    fresh_database_url: str, school: School, receiver: Receiver, redis_url: str
) -> None:
    async with Doorbell(redis_url) as doorbell, Database(fresh_database_url, announce=doorbell.ring) as database:
        for number in range(2 * ENDPOINTS_AT_ONCE + 8):
            await make_endpoint(database, school, receiver.url(f"/{number}"))
        async with draining(database, redis_url, look_seconds=3600):
            await happen(database, school)
            await eventually(lambda: _has(receiver, 2 * ENDPOINTS_AT_ONCE + 8))


async def _has(receiver: Receiver, count: int) -> bool:
    return len(receiver.ledger) >= count


async def test_a_failing_receiver_is_tried_by_the_schedule_and_then_no_more(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    """One real run with a shortened schedule: four requests with one id, at least a second apart."""
    endpoint = await make_endpoint(fresh_database, school, receiver.script("/a", status(500)))
    await happen(fresh_database, school)
    async with draining(fresh_database, options=QUICK):
        await eventually(states(deliveries, {"exhausted": 1}))
    assert await deliveries.outcomes(endpoint) == [(number, "http_status") for number in (1, 2, 3, 4)]
    assert len(set(receiver.ids())) == 1
    times = [got.at for got in receiver.ledger]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))
    stamps = [int(got.headers["webhook-timestamp"]) for got in receiver.ledger]
    assert stamps == sorted(set(stamps)), "each attempt is stamped anew"


async def test_a_receiver_that_recovers_gets_it(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    endpoint = await make_endpoint(fresh_database, school, receiver.script("/a", reset, status(503), status(204)))
    await happen(fresh_database, school)
    async with draining(fresh_database, options=QUICK):
        await eventually(states(deliveries, {"succeeded": 1}))
    assert await deliveries.outcomes(endpoint) == [(1, "reset"), (2, "http_status"), (3, "ok")]


@pytest.mark.parametrize("behaviour", [hang, drip])
async def test_a_receiver_that_takes_its_time_is_cut_off_at_the_timeout(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver, behaviour: object
) -> None:
    url = receiver.script("/a", behaviour)  # type: ignore[arg-type]
    await make_endpoint(fresh_database, school, url, timeout_seconds=1)
    await happen(fresh_database, school)
    async with draining(fresh_database):
        await eventually(states(deliveries, {"retry_wait": 1}), 5)
    [row] = await deliveries.rows("SELECT outcome, latency_ms FROM attempt")
    assert row["outcome"] == "timeout"
    assert 1000 <= row["latency_ms"] < 1500


class Forgetful:
    """A sender that never tells how a request ended."""

    def __init__(self) -> None:
        self.cancelled = 0

    def start(self, batch: Sequence[object], done: object) -> Sequence[Cancellable]:
        return [self for _ in batch]

    def cancel(self) -> None:
        self.cancelled += 1


async def test_a_request_that_its_sender_forgot_gives_its_place_back(
    fresh_database: Database, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(fresh_database, school, "https://example.org/", timeout_seconds=1)
    await happen(fresh_database, school)
    forgetful = Forgetful()
    async with draining(fresh_database, sender=forgetful):
        await eventually(states(deliveries, {"retry_wait": 1}), 10)
    [row] = await deliveries.rows("SELECT outcome, latency_ms FROM attempt")
    assert row["outcome"] == "timeout"
    assert row["latency_ms"] >= 1_300
    assert forgetful.cancelled == 1
    assert (await deliveries.state_of(endpoint))["in_flight"] == 0


async def test_a_redirect_fails_and_its_target_is_never_asked(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    url = receiver.script("/a", status(302, location=receiver.url("/secret")))
    await make_endpoint(fresh_database, school, url)
    await happen(fresh_database, school)
    async with draining(fresh_database):
        await eventually(states(deliveries, {"retry_wait": 1}))
    assert receiver.at("/secret") == []


async def test_gone_disables_the_endpoint_and_tells_the_others_once(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    gone = await make_endpoint(fresh_database, school, receiver.script("/gone", status(410)))
    await make_endpoint(fresh_database, school, receiver.url("/watch"), topics=["endpoint.disabled"])
    await make_endpoint(fresh_database, school, receiver.url("/strange"), partner="Another")
    await happen(fresh_database, school, 3)
    async with draining(fresh_database):
        await eventually(states(deliveries, {"held": 3}, gone))
        await eventually(lambda: _has_at(receiver, "/watch", 1))
        await happen(fresh_database, school)
        await eventually(lambda: _has_at(receiver, "/strange", 4))
    [told] = receiver.at("/watch")
    assert told.event["subject"] == str(gone)
    assert told.event["data"] == {"reason": "gone", "host": "127.0.0.1"}
    assert {each.event["type"] for each in receiver.at("/strange")} == {"wallet.low"}, "it is of another integration"


async def test_a_partner_whose_access_ends_receives_nothing_until_people_let_it_in_again(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver, clock: FixedClock
) -> None:
    """One key is taken back, the other's time is over."""
    taken = await make_key(fresh_database, school, partner="Repris")
    over = await make_key(fresh_database, school, partner="Fini")
    endpoints = [
        await make_endpoint(
            fresh_database, school, receiver.url(f"/{partner}"), partner=partner, topics=[Topic.WALLET_LOW]
        )
        for partner in ("Repris", "Fini")
    ]

    async def are_told_of() -> bool:
        told = await deliveries.rows(
            "SELECT subject, facts ->> 'reason' AS reason FROM event WHERE type LIKE 'endpoint%'"
        )
        return {tuple(row) for row in told} == {(endpoint, "access_ended") for endpoint in endpoints}

    async with draining(fresh_database):
        await happen(fresh_database, school)
        await eventually(states(deliveries, {"succeeded": 2}))
        async with fresh_database.transaction(Wall.app(school.id)) as session:
            await revoke_key(session, taken.row.key_id, clock)
        async with fresh_database.raw(Wall.app(school.id)) as connection:
            await connection.execute("UPDATE api_key SET expires_at = now() + '1 ms' WHERE id = $1", over.row.id)
        await eventually(are_told_of)
        await happen(fresh_database, school)
        async with fresh_database.transaction(Wall.app(school.id)) as session:
            await issue_key(session, school, await find_partner(session, "Repris"), "core", PEPPERS)
            await resume_endpoint(session, Owner(), endpoints[0])
        await eventually(lambda: _has_at(receiver, "/Repris", 2))
    assert len(receiver.at("/Fini")) == 1


async def _has_at(receiver: Receiver, path: str, count: int) -> bool:
    return len(receiver.at(path)) >= count


async def test_retry_after_lets_the_endpoint_rest(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    endpoint = await make_endpoint(fresh_database, school, receiver.script("/a", status(429, retry_after="3600")))
    await happen(fresh_database, school, 10)
    async with draining(fresh_database):
        await eventually(states(deliveries, {"retry_wait": 2, "pending": 8}))
    [row] = await deliveries.rows(
        "SELECT extract(epoch FROM min(next_at) - now())::float8 AS wait FROM delivery WHERE state = 'retry_wait'"
    )
    assert row["wait"] > 3500
    assert (await deliveries.state_of(endpoint))["wait_until"] is not None


async def test_a_hanging_endpoint_with_a_backlog_holds_nobody_up(
    fresh_database_url: str, school: School, deliveries: Deliveries, receiver: Receiver, redis_url: str
) -> None:
    """Ten thousand deliveries wait for a receiver that never answers; the other one is served before a single one of
    those requests has run into its timeout.
    """
    async with Doorbell(redis_url) as doorbell, Database(fresh_database_url, announce=doorbell.ring) as database:
        hanging = await make_endpoint(database, school, receiver.script("/hang", hang), max_in_flight=100)
        await make_endpoint(database, school, receiver.url("/good"), topics=["invoice.paid"])
        await in_full_swing(database)
        await happen(database, school, 10_000)
        async with draining(database, redis_url, Options(grace=0.1)):
            await eventually(lambda: _holds(receiver.under_way("/hang") == 100))
            await happen(database, school, 20, topic=Topic.INVOICE_PAID)
            await eventually(lambda: _has_at(receiver, "/good", 20))
            assert await deliveries.outcomes(hanging) == []


async def test_a_hundred_endpoints_that_hang_at_once_hold_up_the_others_for_a_moment_only(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    """More requests hang than the process has places: those that go on for long give theirs back, before a single one
    has run into its timeout.
    """
    paths = [f"/hang/{number}" for number in range(100)]
    for path in paths:
        await make_endpoint(fresh_database, school, receiver.script(path, hang))
    await in_full_swing(fresh_database)
    await happen(fresh_database, school, 10)
    quiet = await make_school(fresh_database)
    await make_endpoint(fresh_database, quiet, receiver.url("/quiet"))
    options = Options(places=64, slow_places=64, school_places=512, grace=0.1)

    def hanging() -> int:
        return sum(receiver.under_way(path) for path in paths)

    async with draining(fresh_database, options=options):
        await eventually(lambda: _holds(hanging() >= 64))
        await happen(fresh_database, quiet, 5)
        await eventually(lambda: _has_at(receiver, "/quiet", 5))
        assert hanging() >= 64
        assert await deliveries.rows("SELECT FROM attempt WHERE outcome = 'timeout'") == []


async def test_a_noisy_school_does_not_keep_a_quiet_one_waiting(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    """A hundred to one, over receivers that take their time: the quiet school is through while the noisy one waits."""
    for number in range(50):
        await make_endpoint(fresh_database, school, receiver.script(f"/noisy/{number}", status(200, after=0.2)))
    quiet = await make_school(fresh_database)
    await make_endpoint(fresh_database, quiet, receiver.url("/quiet"))
    await in_full_swing(fresh_database)
    await happen(fresh_database, school, 100)
    options = Options(places=64, school_places=32, grace=0.5)
    async with draining(fresh_database, options=options):
        await eventually(lambda: _has(receiver, 32))
        await happen(fresh_database, quiet, 50)
        await eventually(lambda: _has_at(receiver, "/quiet", 50))
        left = (await deliveries.states()).get("pending", 0)
        assert left > 2_500
        assert sum(receiver.busiest[f"/noisy/{number}"] for number in range(50)) > 0


async def test_eight_drains_never_send_one_delivery_at_once(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    """Eight drains over one database: each delivery is sent once, and none is ever under way twice."""
    for number in range(10):
        await make_endpoint(fresh_database, school, receiver.script(f"/{number}", status(200, after=0.01)))
    await happen(fresh_database, school, 200)
    async with AsyncExitStack() as stack:
        for _ in range(8):
            await stack.enter_async_context(draining(fresh_database))
        await eventually(states(deliveries, {"succeeded": 2_000}), 60)
    assert receiver.overlaps == []
    assert len(receiver.ids()) == len(set(receiver.ids())) == 2_000
    assert max(receiver.busiest.values()) <= 10


async def _holds(value: bool) -> bool:
    return value


async def test_an_edited_endpoint_gets_the_retry_where_it_is_now(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    endpoint = await make_endpoint(fresh_database, school, receiver.script("/old", status(500)))
    await happen(fresh_database, school)
    async with draining(fresh_database, options=QUICK):
        await eventually(lambda: _has_at(receiver, "/old", 1))
        await change_endpoint(fresh_database, school, endpoint, url=receiver.url("/new"))
        await eventually(states(deliveries, {"succeeded": 1}))
    assert receiver.at("/old")[0].webhook_id == receiver.at("/new")[0].webhook_id


async def test_leaving_waits_for_requests_under_way_and_gives_the_rest_back_unspent(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    quick = await make_endpoint(fresh_database, school, receiver.script("/quick", status(200, after=0.5)))
    stuck = await make_endpoint(fresh_database, school, receiver.script("/stuck", hang))
    await happen(fresh_database, school)
    for round_ in range(6):
        async with draining(fresh_database, options=Options(grace=1.0)) as running:
            await eventually(lambda round_=round_: _has_at(receiver, "/stuck", round_ + 1))  # type: ignore[misc]
            assert await running.leave() < 4.0
        assert await deliveries.states() == {"succeeded": 1, "retry_wait": 1}
    assert await deliveries.outcomes(quick) == [(1, "ok")]
    assert await deliveries.outcomes(stuck) == [(number, "interrupted") for number in range(1, 7)]
    [row] = await deliveries.rows("SELECT failures, next_at <= now() AS due FROM delivery WHERE state = 'retry_wait'")
    assert tuple(row) == (0, True)
    assert (await deliveries.state_of(stuck))["in_flight"] == 0


async def test_what_cannot_be_written_down_ends_the_claiming_and_is_written_once_it_can(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    for _ in range(20):
        await make_endpoint(fresh_database, school, receiver.url("/a"))
    await happen(fresh_database, school)

    async def let(words: str) -> None:
        async with fresh_database.raw(Wall.owner()) as connection:
            await connection.execute(words)

    def delays() -> int:
        return sum(line.get("doing") == "settling" for line in lines)

    await let("REVOKE INSERT ON attempt FROM skooly_worker")
    with structlog.testing.capture_logs() as lines:
        async with draining(fresh_database, options=Options(places=2, unsettled=3)):
            await eventually(lambda: _has(receiver, 3))
            before = delays()
            await eventually(lambda: _holds(delays() >= before + 3))
            assert len(receiver.ledger) <= 4
            await let("GRANT INSERT ON attempt TO skooly_worker")
            await eventually(states(deliveries, {"succeeded": 20}))
    assert len(receiver.ledger) == 20


async def test_an_endpoint_served_while_the_clock_was_ahead_is_served_again_without_valkey_too(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    endpoint = await make_endpoint(fresh_database, school, receiver.url("/a"))
    async with fresh_database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE endpoint_state SET last_served_at = now() + interval '1 hour'")
    await happen(fresh_database, school)
    async with draining(fresh_database):
        await eventually(states(deliveries, {"succeeded": 1}, endpoint))


async def test_a_key_that_is_missing_here_costs_the_receiver_nothing(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    """A backlog is not tried all over meanwhile. With the key, a worker that went on needs no restart."""
    endpoint = await make_endpoint(fresh_database, school, receiver.url("/a"))
    await happen(fresh_database, school, 10)
    keys: list[Vault] = []

    def unseal(sealed: Sealed, context: bytes) -> bytes:
        if not keys:
            raise CannotOpen
        return keys[0].open(sealed, context)

    async with draining(fresh_database, unseal=unseal):
        await eventually(states(deliveries, {"retry_wait": 2, "pending": 8}))
        state = await deliveries.state_of(endpoint)
        assert (state["failures"], state["first_failure_at"], state["wait_until"] is None) == (0, None, False)
        keys.append(VAULT)
        await deliveries.shift(endpoint, 61)
        await eventually(states(deliveries, {"succeeded": 10}))
    spent = await deliveries.rows("SELECT max(failures) AS failures FROM delivery")
    assert (await deliveries.outcomes(endpoint))[:2] == [(1, "unsigned")] * 2
    assert (spent[0]["failures"], len(receiver.ledger)) == (0, 10)


async def test_what_is_no_longer_wanted_does_not_keep_waiting_what_is(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    """Thousands of them are cancelled as fast as claims go, not by as many a second as the endpoint takes at once."""
    endpoint = await make_endpoint(fresh_database, school, receiver.url("/a"), max_in_flight=2)
    await happen(fresh_database, school, 300)
    await happen(fresh_database, school, topic=Topic.INVOICE_PAID)
    await expand(fresh_database)
    await change_endpoint(fresh_database, school, endpoint, topics=[Topic.INVOICE_PAID])
    async with draining(fresh_database):
        await eventually(states(deliveries, {"cancelled": 300, "succeeded": 1}))
    assert [got.event["type"] for got in receiver.ledger] == [Topic.INVOICE_PAID]


async def test_metrics_count_what_happened(
    fresh_database: Database, school: School, deliveries: Deliveries, receiver: Receiver
) -> None:
    await make_endpoint(fresh_database, school, receiver.script("/a", status(500), status(200)))
    await happen(fresh_database, school, 2)
    async with draining(
        fresh_database, options=Options(look_every=0.1, measure_every=0.1, schedule=(3600,))
    ) as running:
        await eventually(states(deliveries, {"succeeded": 1, "retry_wait": 1}))
        value = running.metrics.registry.get_sample_value
        await eventually(lambda: _is(value("skooly_webhook_attempts_total", {"outcome": "ok"}), 1))
        assert value("skooly_webhook_attempts_total", {"outcome": "http_status"}) == 1
        assert value("skooly_webhook_latency_seconds_count") == 2
        assert value("skooly_webhook_deliveries_total") == 2
        await eventually(lambda: _is(value("skooly_webhook_endpoints", {"breaker": "ramp"}), 1))
        await eventually(lambda: _is(value("skooly_webhook_due"), 0))


async def _is(value: float | None, expected: float) -> bool:
    return value == expected
