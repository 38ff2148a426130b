"""Who is let in, and how soon a change of mind counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from app.core import api_keys
from app.core.actor import Actor
from app.core.database import Database, RawConnection, Wall
from app.core.errors import Unavailable
from app.core.tasks import end
from app.domains.partners.errors import (
    KeyAddressRefused,
    KeyExpired,
    KeyMalformed,
    KeyMissing,
    KeyRevoked,
    KeyUnknown,
)
from app.domains.partners.key_uses import KeyUses
from app.domains.partners.keyring import REMEMBERED_SECONDS, TRUST_SECONDS, Keyring
from app.domains.partners.service import ensure_partner, issue_key, list_keys, revoke_key, rotate_key
from tests.support.clock import FixedClock
from tests.support.factories.partners import PEPPERS, make_key, make_school
from tests.support.processes import until

NOWHERE = "postgresql+asyncpg://skooly@/none?host=/nonexistent"


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.value = 1000.0

    def __call__(self) -> float:
        return self.value


@pytest.fixture
async def keyring(database: Database, clock: FixedClock) -> AsyncIterator[Keyring]:
    keyring = Keyring(database, PEPPERS, clock)
    await keyring.start()
    yield keyring
    await keyring.stop()


@pytest.fixture
async def own_database(database_url: str) -> AsyncIterator[Database]:
    """One that a test may unplug."""
    async with Database(database_url) as own:
        yield own


async def unplug(database: Database) -> None:
    await database.close()
    database.url = NOWHERE


async def polled_once(database: Database, clock: FixedClock, seconds: Seconds) -> Keyring:
    """Has seen the present generation and polls no more."""
    keyring = Keyring(database, PEPPERS, clock, monotonic=seconds)
    await keyring.start()
    await keyring.stop()
    return keyring


async def generation(database: Database) -> int:
    async with database.transaction(Wall.auth()) as session:
        return (await session.execute(text("SELECT generation FROM key_generation"))).scalar_one()


async def revoke(database: Database, school_id: UUID, key_id: str, clock: FixedClock) -> None:
    async with database.transaction(Wall.app(school_id)) as session:
        await revoke_key(session, key_id, clock)


async def test_a_key_is_its_actor(database: Database, keyring: Keyring) -> None:
    school = await make_school(database, timezone="Europe/Paris")
    issued = await make_key(database, school, "tourniquet", partner="Entrée", zones=["GYM"])
    for _ in range(2):
        actor = await keyring.authenticate(issued.key, None)
        assert (actor.school_id, actor.school_code, actor.timezone) == (school.id, school.code, "Europe/Paris")
        assert (actor.partner_name, actor.key_id) == ("Entrée", issued.row.key_id)
        assert actor.scopes == {"access:check", "access:record"}
        assert actor.zones == {"GYM"}


async def test_a_remembered_key_needs_no_database(own_database: Database, clock: FixedClock) -> None:
    issued = await make_key(own_database, await make_school(own_database))
    keyring = await polled_once(own_database, clock, Seconds())
    first = await keyring.authenticate(issued.key, None)
    await unplug(own_database)
    assert await keyring.authenticate(issued.key, None) is first


@pytest.mark.parametrize("token", ["", "sk_live_", "sk_live_0123456789ab_" + "0" * 36, "nonsense", "é" * 40])
async def test_what_is_no_key_never_reaches_the_database(clock: FixedClock, token: str) -> None:
    with pytest.raises(KeyMalformed if token else KeyMissing):
        await Keyring(Database(NOWHERE), PEPPERS, clock).authenticate(token, None)


async def test_an_unknown_key_and_a_wrong_secret_are_alike(database: Database, keyring: Keyring) -> None:
    issued = await make_key(database, await make_school(database))
    body = f"sk_live_{issued.row.key_id}_{'x' * 30}"
    forged = body + api_keys.checksum(body)
    messages = set()
    for token in (api_keys.make_key().text, forged):
        with pytest.raises(KeyUnknown) as refusal:
            await keyring.authenticate(token, None)
        messages.add((refusal.value.code, refusal.value.message("fr")))
    assert len(messages) == 1


async def test_an_older_pepper_still_opens_and_a_removed_one_does_not(database: Database, clock: FixedClock) -> None:
    issued = await make_key(database, await make_school(database))
    rotated = Keyring(database, {**PEPPERS, 2: b"another pepper, also long enough"}, clock)
    assert (await rotated.authenticate(issued.key, None)).key_id == issued.row.key_id
    removed = Keyring(database, {2: b"another pepper, also long enough"}, clock)
    with pytest.raises(KeyUnknown):
        await removed.authenticate(issued.key, None)


async def test_a_key_expires_by_the_clock_also_while_remembered(
    database: Database, keyring: Keyring, clock: FixedClock
) -> None:
    school = await make_school(database)
    async with database.transaction(Wall.app(school.id)) as session:
        partner = await ensure_partner(session, "Sage")
        end = clock.now() + timedelta(hours=1)
        issued = await issue_key(session, school, partner, "comptabilite", PEPPERS, expires_at=end)
    await keyring.authenticate(issued.key, None)
    clock.advance(timedelta(minutes=59, seconds=59))
    await keyring.authenticate(issued.key, None)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(KeyExpired):
        await keyring.authenticate(issued.key, None)


async def test_a_rotated_key_opens_until_its_grace_ends(
    database: Database, keyring: Keyring, clock: FixedClock
) -> None:
    school = await make_school(database)
    old = await make_key(database, school)
    await keyring.authenticate(old.key, None)
    async with database.transaction(Wall.app(school.id)) as session:
        new = await rotate_key(session, old.row.key_id, PEPPERS, clock, grace_hours=1)
    await keyring.seen(await generation(database))
    for key in (old.key, new.key):
        await keyring.authenticate(key, None)
    clock.advance(timedelta(hours=1))
    await keyring.authenticate(new.key, None)
    with pytest.raises(KeyExpired):
        await keyring.authenticate(old.key, None)


@pytest.mark.parametrize(
    ("address", "open"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2001:db8::7", True),
        ("11.0.0.1", False),
        ("2001:db9::7", False),
        ("canteen", False),
        (None, False),
    ],
)
async def test_a_key_bound_to_networks(database: Database, keyring: Keyring, address: str | None, open: bool) -> None:
    issued = await make_key(database, await make_school(database), cidrs=["10.0.0.0/8", "2001:db8::/32"])
    for _ in range(2):
        if open:
            await keyring.authenticate(issued.key, address)
        else:
            with pytest.raises(KeyAddressRefused):
                await keyring.authenticate(issued.key, address)


async def test_the_refusals_read_alike() -> None:
    """Whoever tries keys must not learn that one exists, used to work, or would from elsewhere."""
    refusals = [KeyMalformed(), KeyUnknown(), KeyExpired(), KeyRevoked(), KeyAddressRefused()]
    assert len({(refusal.code, refusal.message("fr"), refusal.message("en")) for refusal in refusals}) == 1


async def test_a_revoked_key_is_out_in_every_process(database: Database, clock: FixedClock) -> None:
    """Two keyrings know each other through PostgreSQL alone: no Valkey takes part."""
    keyrings = [Keyring(database, PEPPERS, clock) for _ in range(2)]
    for keyring in keyrings:
        await keyring.start()
    school = await make_school(database)
    issued = await make_key(database, school)
    for keyring in keyrings:
        await keyring.authenticate(issued.key, None)
    await revoke(database, school.id, issued.row.key_id, clock)
    target = await generation(database)
    async with asyncio.timeout(20):
        await asyncio.gather(*(keyring.seen(target) for keyring in keyrings))
    for keyring in keyrings:
        with pytest.raises(KeyRevoked):
            await keyring.authenticate(issued.key, None)
        await keyring.stop()


async def test_without_a_recent_poll_the_database_is_asked(database: Database, clock: FixedClock) -> None:
    """The polls have stopped; nothing remembered outlives a second."""
    seconds = Seconds()
    keyring = await polled_once(database, clock, seconds)
    school = await make_school(database)
    issued = await make_key(database, school)
    await keyring.authenticate(issued.key, None)
    await revoke(database, school.id, issued.row.key_id, clock)
    seconds.value += TRUST_SECONDS / 2
    assert keyring.fresh
    await keyring.authenticate(issued.key, None)
    seconds.value += TRUST_SECONDS / 2
    assert not keyring.fresh
    with pytest.raises(KeyRevoked):
        await keyring.authenticate(issued.key, None)


async def test_without_the_database_nobody_is_let_in(own_database: Database, clock: FixedClock) -> None:
    seconds = Seconds()
    issued = await make_key(own_database, await make_school(own_database))
    keyring = await polled_once(own_database, clock, seconds)
    await keyring.authenticate(issued.key, None)
    await unplug(own_database)
    seconds.value += TRUST_SECONDS
    with pytest.raises(Unavailable):
        await keyring.authenticate(issued.key, None)


class Counted(Database):
    """How often it was asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked = 0

    @asynccontextmanager
    async def raw(self, wall: Wall) -> AsyncIterator[RawConnection]:
        self.asked += 1
        async with super().raw(wall) as connection:
            yield connection


async def test_many_who_come_back_share_a_look_and_each_is_told_who_it_is(
    database: Database, database_url: str, clock: FixedClock
) -> None:
    schools = [await make_school(database) for _ in range(2)]
    keys = [await make_key(database, school, partner=f"p{number}") for school in schools for number in range(3)]
    revoked = await make_key(database, schools[0], partner="gone")
    await revoke(database, schools[0].id, revoked.row.key_id, clock)
    refused = [revoked.key, api_keys.make_key().text]
    async with Counted(database_url) as counted:
        keyring = Keyring(counted, PEPPERS, clock)
        tokens = [*(key.key for key in keys), *refused] * 10
        found = await asyncio.gather(*(keyring.authenticate(each, None) for each in tokens), return_exceptions=True)
        assert counted.asked == 3, "two at once, and the rest together"
    expected = [(key.row.school_id, key.row.partner_id, key.row.key_id) for key in keys]
    for start in range(0, len(tokens), len(keys) + 2):
        *actors, gone, unknown = found[start : start + len(keys) + 2]
        assert [(a.school_id, a.partner_id, a.key_id) for a in actors if isinstance(a, Actor)] == expected
        assert isinstance(gone, KeyRevoked)
        assert isinstance(unknown, KeyUnknown)


class KilledInMidAnswer(Database):
    """While `dying`, it raises what asyncpg does where PostgreSQL is killed while it answers (docs/adr/0065)."""

    def __init__(self, url: str) -> None:
        super().__init__(url, pool_size=1)
        self.dying = False
        self.asked = self.answered = 0

    @asynccontextmanager
    async def raw(self, wall: Wall) -> AsyncIterator[RawConnection]:
        self.asked += 1
        if self.dying:
            raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
        async with super().raw(wall) as connection:
            yield connection
        self.answered += 1


async def test_it_goes_on_polling_after_postgresql_was_killed_in_mid_answer(
    database: Database, database_url: str, clock: FixedClock
) -> None:
    line = KilledInMidAnswer(database_url)
    keyring = Keyring(database, PEPPERS, clock, line=line)
    await keyring.start()
    line.dying, asked = True, line.asked
    await until(lambda: line.asked > asked + 1)
    line.dying = False
    async with asyncio.timeout(20):
        await keyring.polled()
    await keyring.stop()


async def test_uses_are_written_after_postgresql_was_killed_in_mid_answer(
    database: Database, database_url: str, clock: FixedClock
) -> None:
    async with KilledInMidAnswer(database_url) as own:
        school = await make_school(database)
        row = (await make_key(database, school)).row
        uses = KeyUses(own, clock)
        uses.note(school.id, row.id, clock.now())
        own.dying = True
        flushing = asyncio.create_task(uses.keep_flushing(0.01))
        await until(lambda: own.asked > 1)
        own.dying = False
        await until(lambda: own.answered > 0)
        await end([flushing])
    async with database.transaction(Wall.auth()) as session:
        used = text("SELECT last_used_at FROM key_use WHERE id = :id")
        assert await session.scalar(used, {"id": row.id}) == clock.now()


async def test_nobody_is_let_in_by_a_postgresql_killed_in_mid_answer(database_url: str, clock: FixedClock) -> None:
    async with KilledInMidAnswer(database_url) as own:
        own.dying = True
        with pytest.raises(Unavailable):
            await Keyring(own, PEPPERS, clock).authenticate(api_keys.make_key().text, None)


async def test_it_starts_without_a_database_and_trusts_nothing(clock: FixedClock) -> None:
    keyring = Keyring(Database(NOWHERE), PEPPERS, clock)
    await keyring.start()
    assert not keyring.fresh
    with pytest.raises(Unavailable):
        await keyring.authenticate(api_keys.make_key().text, None)
    await keyring.stop()


async def test_a_key_is_read_again_after_a_while(database: Database, clock: FixedClock) -> None:
    seconds = Seconds()
    keyring = await polled_once(database, clock, seconds)
    school = await make_school(database, timezone="Africa/Dakar")
    issued = await make_key(database, school)
    await keyring.authenticate(issued.key, None)
    async with database.transaction(Wall.app(school.id)) as session:
        await session.execute(text("UPDATE school SET timezone = 'Africa/Lagos'"))
    seconds.value += REMEMBERED_SECONDS
    assert (await keyring.authenticate(issued.key, None)).timezone == "Africa/Lagos"


async def test_uses_are_written_in_the_background(database: Database, clock: FixedClock) -> None:
    keyring = Keyring(database, PEPPERS, clock)
    await keyring.start()
    school = await make_school(database)
    issued = await make_key(database, school)
    await keyring.authenticate(issued.key, None)

    async def last_use() -> object:
        async with database.transaction(Wall.app(school.id)) as session:
            [listed] = await list_keys(session)
        return listed.last_used_at

    assert await last_use() is None
    await keyring.uses.flush()
    assert await last_use() == clock.now()
    keyring.uses.note(school.id, issued.row.id, clock.now() - timedelta(hours=1))
    await keyring.stop()
    assert await last_use() == clock.now()
