"""A secret is replaced without a receiver missing a beat: both sign in the overlap, only the new one after it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.core.database import Database, Wall
from app.core.outbound import Client, NameServers, Policy, verifying_context
from app.delivery.sender import HttpSender
from app.delivery.sending import prepare
from app.domains.partners.tables import School
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.service.secrets import MOST, rotate_secret
from tests.delivery.conftest import eventually
from tests.domains.webhooks.conftest import Engine
from tests.domains.webhooks.managing import Manager
from tests.support.factories.webhooks import VAULT, happen
from tests.support.name_server import ADDRESS, always, name_server
from tests.support.raw_receiver import Receiver, Request, receiver

HOST, THERE = "hook.example.org", "127.77.0.1"


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver(host=THERE) as there:
        yield there


@pytest.fixture
async def sender() -> AsyncIterator[HttpSender]:
    async with name_server() as names:
        names.zones[HOST] = always(THERE)
        policy = Policy(opened=(ip_network("127.77.0.0/16"),), insecure=True)
        client = Client(policy, NameServers([ADDRESS], names.port), verifying_context())
        yield HttpSender(client, policy)
        client.close()


async def _send(
    database: Database, school: School, engine: Engine, sender: HttpSender, there: Receiver
) -> tuple[Request, datetime]:
    """The next event's request as the receiver got it; only the port is the test's."""
    await happen(database, school)
    [claimed] = await engine.claim()
    prepared = replace(prepare(claimed), url=f"http://{HOST}:{there.port}/skooly", sent_at=datetime.now().astimezone())
    outcome = await sender.send(prepared)
    await engine.settle([claimed], outcome)
    return there.requests[-1], claimed.now


def _verifies(secret: str, request: Request) -> bool:
    try:
        Webhook(secret).verify(request.body, request.headers)
    except WebhookVerificationError:
        return False
    return True


async def test_both_verify_in_the_overlap_and_only_the_new_one_after(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, sender: HttpSender, there: Receiver
) -> None:
    made = await manager.create()
    endpoint, old = made["endpoint"]["id"], made["secret"]
    before, _ = await _send(fresh_database, school, engine, sender, there)
    assert _verifies(old, before)
    rotated = await manager.rotate(endpoint, 24)
    new = rotated["secret"]
    assert new != old
    during, now = await _send(fresh_database, school, engine, sender, there)
    assert _verifies(old, during)
    assert _verifies(new, during)
    assert (datetime.fromisoformat(rotated["oldExpiresAt"]) - now).total_seconds() == pytest.approx(86_400, abs=600)
    await _let_hours_pass(fresh_database, school, endpoint, 24)
    after, _ = await _send(fresh_database, school, engine, sender, there)
    assert not _verifies(old, after)
    assert _verifies(new, after)


async def _let_hours_pass(database: Database, school: School, endpoint: str, hours: int) -> None:
    async with database.raw(Wall.app(school.id)) as connection:
        await connection.execute(
            "UPDATE endpoint_secret SET expires_at = expires_at - make_interval(hours => $2) WHERE endpoint_id = $1",
            UUID(endpoint),
            hours,
        )


async def test_without_overlap_the_old_one_is_gone_at_once(
    fresh_database: Database, manager: Manager, school: School, engine: Engine, sender: HttpSender, there: Receiver
) -> None:
    made = await manager.create()
    new = (await manager.rotate(made["endpoint"]["id"], 0))["secret"]
    request, _ = await _send(fresh_database, school, engine, sender, there)
    assert _verifies(new, request)
    assert not _verifies(made["secret"], request)
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        assert await connection.fetchval("SELECT count(*) FROM endpoint_secret") == 1


async def test_of_two_rotations_at_once_the_second_ends_the_secret_of_the_first(
    fresh_database: Database, manager: Manager, school: School
) -> None:
    endpoint = UUID(await manager.endpoint())

    async def rotate() -> None:
        async with fresh_database.transaction(Wall.app(school.id)) as session:
            await rotate_secret(session, Owner(), endpoint, overlap_hours=1, vault=VAULT)

    async def waits() -> bool:
        async with fresh_database.raw(Wall.worker()) as connection:
            return bool(await connection.fetchval("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"))

    async with fresh_database.transaction(Wall.app(school.id)) as session:
        await rotate_secret(session, Owner(), endpoint, overlap_hours=1, vault=VAULT)
        other = asyncio.create_task(rotate())
        await eventually(waits)
    await other
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        lasting = "SELECT count(*) FROM endpoint_secret WHERE expires_at IS NULL"
        assert await connection.fetchval(lasting) == 1


async def test_a_shorter_overlap_cuts_a_longer_one_and_never_the_other_way(manager: Manager) -> None:
    endpoint = await manager.endpoint()
    first = await manager.rotate(endpoint, 10)
    second = await manager.rotate(endpoint, 100)
    third = await manager.rotate(endpoint, 0)
    assert first["oldExpiresAt"] < second["oldExpiresAt"]
    assert datetime.fromisoformat(third["oldExpiresAt"]) <= datetime.fromisoformat(first["oldExpiresAt"])


async def test_the_same_key_rotates_once(manager: Manager) -> None:
    endpoint = await manager.endpoint()
    assert await manager.rotate(endpoint, 24, key="once") == await manager.rotate(endpoint, 24, key="once")


@pytest.mark.parametrize("hours", [-1, 169])
async def test_an_overlap_has_bounds(manager: Manager, hours: int) -> None:
    endpoint = await manager.endpoint()
    assert (await manager.rotate(endpoint, hours))["code"] == "OVERLAP_OUT_OF_RANGE"


async def test_signatures_do_not_pile_up(manager: Manager) -> None:
    endpoint = await manager.endpoint()
    for _ in range(MOST - 1):
        assert (await manager.rotate(endpoint, 24))["__typename"] == "RotatedSecret"
    assert (await manager.rotate(endpoint, 24))["code"] == "TOO_MANY_SECRETS"
    assert (await manager.rotate(endpoint, 0))["__typename"] == "RotatedSecret"
