"""What an older key sealed, or nobody did, is sealed anew: resumable, and beside everybody else's work."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from app.cli.doctor.findings import State
from app.cli.doctor.postgres import sealing
from app.core.crypto import Vault
from app.core.database import Database, Wall
from app.domains.partners.tables import School
from app.domains.webhooks.endpoints import Known, Target
from app.domains.webhooks.resealing import ROWS_AT_ONCE, Resealed, reseal
from tests.domains.webhooks.conftest import Engine, are_of
from tests.domains.webhooks.managing import Manager
from tests.support.factories.partners import make_school
from tests.support.factories.webhooks import SECRET, VAULT_KEY, Deliveries, happen, make_endpoint

NEW_KEY = b"another key for tests, 32 bytes."
BOTH, NEW = Vault({1: VAULT_KEY, 2: NEW_KEY}), Vault({2: NEW_KEY})
AUTHORIZATION = {"authorization": "Bearer 3f9c"}


@pytest.fixture
def deliveries(fresh_database: Database, school: School) -> Deliveries:
    return Deliveries(fresh_database, school)


async def read(database: Database, vault: Vault, school: School, endpoint: UUID) -> Target:
    """The endpoint as a worker with these keys knows it."""
    known = Known(vault.open)
    await known.refresh(database, [(school.id, endpoint, 1)])
    return known[endpoint]


async def test_headers_are_not_in_the_database(
    fresh_database: Database, school: School, manager: Manager, engine: Engine, deliveries: Deliveries
) -> None:
    endpoint = await manager.endpoint(headers=[{"name": "Authorization", "value": "Bearer 3f9c"}])
    [row] = await deliveries.rows("SELECT to_jsonb(e)::text AS kept, sealed_headers FROM endpoint e")
    assert "3f9c" not in row["kept"]
    assert b"3f9c" not in row["sealed_headers"]
    await happen(fresh_database, school)
    [claimed] = await engine.claim()
    assert dict(claimed.target.headers) == AUTHORIZATION
    changed = await manager.update(endpoint, headers=[{"name": "X-Site", "value": "Dakar"}])
    assert changed["headerNames"] == ["x-site"]
    assert (await manager.update(endpoint, headers=[]))["headerNames"] == []
    assert (await read(fresh_database, BOTH, school, UUID(endpoint))).headers == ()


async def test_nothing_is_sent_without_headers_that_cannot_be_read(
    fresh_database: Database, school: School, manager: Manager
) -> None:
    endpoint = await manager.endpoint(headers=[{"name": "Authorization", "value": "Bearer 3f9c"}])
    target = await read(fresh_database, NEW, school, UUID(endpoint))
    assert (target.headers, target.secrets) == ((), ())


async def test_all_is_sealed_anew_and_the_older_key_may_go(
    fresh_database: Database, school: School, manager: Manager, engine: Engine
) -> None:
    elsewhere = await make_school(fresh_database)
    clear = await make_endpoint(fresh_database, elsewhere, "https://a.example/", headers=AUTHORIZATION)
    sealed = UUID(await manager.endpoint(headers=[{"name": "Authorization", "value": "Bearer 3f9c"}]))
    assert (await read(fresh_database, NEW, elsewhere, clear)).secrets == ()
    told: list[tuple[int, int]] = []
    done = await reseal(fresh_database, BOTH, lambda *steps: told.append(steps))
    assert done == Resealed(secrets=2, headers=2)
    assert told[-1] == (4, 4)
    for where, endpoint in ((elsewhere, clear), (school, sealed)):
        target = await read(fresh_database, NEW, where, endpoint)
        assert dict(target.headers) == AUTHORIZATION
        assert len(target.secrets) == 1
    assert are_of([(await read(fresh_database, NEW, elsewhere, clear)).secrets[0].signer], SECRET)
    assert await reseal(fresh_database, BOTH) == Resealed()
    [shown] = (await manager.asker.data(manager.actor, "{ endpoints { nodes { headerNames } } }"))["endpoints"]["nodes"]
    assert shown == {"headerNames": ["authorization"]}


async def test_killed_on_the_way_the_next_one_goes_on(
    fresh_database: Database, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/")
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        await connection.execute(
            "INSERT INTO endpoint_secret (school_id, endpoint_id, ciphertext, key_version) "
            "SELECT school_id, endpoint_id, ciphertext, key_version FROM endpoint_secret, generate_series(1, $1)",
            ROWS_AT_ONCE,
        )

    def die(done: int, total: int) -> None:
        raise KeyboardInterrupt(done, total)

    with pytest.raises(KeyboardInterrupt) as killed:
        await reseal(fresh_database, BOTH, die)
    assert killed.value.args == (ROWS_AT_ONCE, ROWS_AT_ONCE + 1)
    assert (await reseal(fresh_database, BOTH)).secrets == 1
    secrets = (await read(fresh_database, NEW, school, endpoint)).secrets
    assert are_of([each.signer for each in secrets], *[SECRET] * (ROWS_AT_ONCE + 1))


async def test_what_cannot_be_opened_is_left_and_counted(
    fresh_database: Database, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/")
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        await connection.execute(
            "INSERT INTO endpoint_secret (school_id, endpoint_id, ciphertext, key_version) VALUES ($1, $2, 'x', 9)",
            school.id,
            endpoint,
        )
    assert await reseal(fresh_database, BOTH) == Resealed(secrets=1, unreadable=1)
    assert len(await deliveries.rows("SELECT FROM endpoint_secret WHERE key_version = 9")) == 1


async def test_what_its_owner_changes_meanwhile_stays_as_the_owner_wants_it(
    fresh_database: Database, school: School, deliveries: Deliveries
) -> None:
    endpoint = await make_endpoint(fresh_database, school, "https://a.example/", headers=AUTHORIZATION)
    async with fresh_database.raw(Wall.app(school.id)) as connection:
        await connection.execute("UPDATE endpoint SET headers = '{}'")
        sealing = asyncio.create_task(reseal(fresh_database, BOTH))
        while not await deliveries.rows("SELECT FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
    assert await sealing == Resealed(secrets=1)
    assert (await read(fresh_database, NEW, school, endpoint)).headers == ()


@pytest.mark.parametrize(
    ("found", "state", "words"),
    [
        ({"used": {1: 3}, "keys": {1}}, State.GOOD, "3, all under key version 1"),
        ({"used": {1: 2, 2: 1}, "keys": {1, 2}}, State.WARNING, "2 sealed under an older key"),
        ({"used": {2: 1}, "keys": {1, 2}, "clear": 4}, State.WARNING, "4 endpoints in clear"),
        ({"used": {2: 1}, "keys": {1, 2}}, State.GOOD, "1 may be taken out"),
        ({"used": {2: 1}, "keys": {1, 2}, "answers": {1, 2}}, State.GOOD, "within a week"),
        ({"used": {1: 1, 3: 1}, "keys": {3}}, State.BAD, "need key version 1"),
        ({"used": {}, "keys": {1}}, State.GOOD, "0, all"),
    ],
)
def test_the_doctor_says_when_a_key_may_go(found: Mapping[str, Any], state: State, words: str) -> None:
    finding = sealing(**{"clear": 0, "answers": set(), **found})
    assert finding.state is state
    assert words in finding.said
