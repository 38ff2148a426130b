"""PostgreSQL: that it answers, is the right one, at this version of the code, and safe."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Set
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import asyncpg

from app.cli.doctor.findings import Finding, State, bad, good, guarded, warning
from app.core.clock import SystemClock
from app.core.database import CONNECT_SECONDS, UNREACHABLE, Database, Wall, plain_dsn
from app.core.errors import Unavailable
from app.core.migrate import current, head
from app.core.safety import refuse_unsafe
from app.domains.tables import SHARED
from app.settings import Settings

OLDEST = 18
SKEW, WRONG = 1.0, 60.0
"""Seconds between the two clocks: webhooks and expiries go by the database's, device events are judged by ours."""
LAST_PARTITIONS = """
SELECT parent.relname AS table, max(child.relname) AS last
FROM pg_partitioned_table JOIN pg_class parent ON parent.oid = partrelid
LEFT JOIN pg_inherits ON inhparent = parent.oid LEFT JOIN pg_class child ON child.oid = inhrelid
WHERE parent.relnamespace = 'public'::regnamespace GROUP BY parent.relname
"""
SCHOOL_ZONES = """
SELECT zone, (SELECT utc_offset FROM pg_timezone_names WHERE name = zone) AS utc_offset
FROM (SELECT DISTINCT timezone AS zone FROM school) AS zones
"""

SEALED_UNDER = """
SELECT version, count(*) AS rows FROM (
    SELECT key_version AS version FROM endpoint_secret
    UNION ALL SELECT headers_key_version FROM endpoint WHERE headers_key_version IS NOT NULL
) AS sealed GROUP BY version
"""
ANSWERS_UNDER = """
SELECT DISTINCT (outcome -> 'secret' ->> 'key_version')::int FROM idempotency_key
WHERE operation IN ('createEndpoint', 'rotateEndpointSecret')
"""

Check = Callable[[Database, Settings], Awaitable[Finding]]


async def postgres(settings: Settings) -> AsyncIterator[Finding]:
    """Nothing else is looked at where the server does not answer, or lacks the roles."""
    answers = await guarded("PostgreSQL", _answers(settings.database_url))
    yield answers
    if answers.state is State.BAD:
        return
    async with Database(settings.database_url, pool_size=2) as database:
        for name, check in CHECKS.items():
            found = await guarded(name, check(database, settings))
            yield found
            if name == "roles and walls" and found.state is State.BAD:
                return


async def _answers(url: str) -> Finding:
    began = time.monotonic()
    try:
        connection = await asyncpg.connect(plain_dsn(url), timeout=CONNECT_SECONDS)
    except UNREACHABLE as error:
        raise Unavailable from error
    try:
        version = str(await connection.fetchval("SHOW server_version"))
        fsync = await connection.fetchval("SHOW fsync")
    finally:
        await connection.close()
    said = f"{version}, answers in {(time.monotonic() - began) * 1000:.0f} ms"
    if int(version.split(".")[0]) < OLDEST:
        return bad("PostgreSQL", said, f"Upgrade to PostgreSQL {OLDEST} or newer.")
    if fsync != "on":
        return warning("PostgreSQL", f"{said}, fsync off", "Set fsync = on: a power cut loses what was acknowledged.")
    return good("PostgreSQL", said)


async def _safe(database: Database, _: Settings) -> Finding:
    await refuse_unsafe(database, SHARED)
    return good("roles and walls", "every table is walled, for a login without privileges")


async def _migrated(database: Database, _: Settings) -> Finding:
    found, wanted = await current(database.url), head()
    if found == wanted:
        return good("migrations", f"at {wanted}")
    return bad(
        "migrations", f"at {found or 'none'}, the code is at {wanted}", "Run ./skooly migrate with the newest code."
    )


async def _partitions(database: Database, _: Settings) -> Finding:
    async with database.raw(Wall.auth()) as connection:
        now = await connection.fetchval("SELECT now()")
        ahead = {row["table"]: months_ahead(row["last"], now) for row in await connection.fetch(LAST_PARTITIONS)}
    table, months = min(ahead.items(), key=lambda each: each[1])
    said = f"{len(ahead)} tables, {months} months ahead or more"
    if months < 1:
        return bad("partitions", f"{table} ends with this month", "Start ./skooly worker: it makes them at its start.")
    if months < 2:
        return warning(
            "partitions", f"{table} has one month left", "See that ./skooly worker runs: it makes them each night."
        )
    return good("partitions", said)


def months_ahead(partition: str | None, now: datetime) -> int:
    """Whole months that partitions named `…_pYYYY_MM` reach beyond the current one; -1 where there is none."""
    if partition is None:
        return -1
    year, month = map(int, partition[-7:].split("_"))
    today = now.astimezone(UTC)
    return (year - today.year) * 12 + month - today.month


async def _clocks(database: Database, _: Settings) -> Finding:
    async with database.raw(Wall.auth()) as connection:
        before = SystemClock().now()
        theirs = await connection.fetchval("SELECT clock_timestamp()")
        after = SystemClock().now()
    return clocks((theirs - (before + (after - before) / 2)).total_seconds())


def clocks(skew: float) -> Finding:
    """`skew`: seconds by which the database is ahead of this machine."""
    if abs(skew) > SKEW:
        said = f"the database's is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
        judge = bad if abs(skew) > WRONG else warning
        return judge("clocks", said, "Synchronise both machines (chrony, systemd-timesyncd).")
    return good("clocks", f"{abs(skew) * 1000:.0f} ms apart")


async def _zones(database: Database, _: Settings) -> Finding:
    async with database.raw(Wall.auth()) as connection:
        rows = await connection.fetch(SCHOOL_ZONES)
    known = available_timezones()
    wrong = [row["zone"] for row in rows if row["zone"] not in known or row["utc_offset"] != _offset(row["zone"])]
    if wrong:
        return bad(
            "schools' time zones",
            f"{', '.join(sorted(wrong))}: PostgreSQL and Python do not agree",
            "Bring the tzdata of both up to date: they decide which day an instalment is late.",
        )
    return good("schools' time zones", f"{len(rows)} in use, alike in PostgreSQL and Python")


def _offset(zone: str) -> object:
    return datetime.now(ZoneInfo(zone)).utcoffset()


async def _peppers(database: Database, settings: Settings) -> Finding:
    async with database.raw(Wall.auth()) as connection:
        rows = await connection.fetch("SELECT DISTINCT pepper_version FROM api_key WHERE revoked_at IS NULL")
    lacking = sorted(row[0] for row in rows if row[0] not in settings.peppers)
    if lacking:
        versions = ", ".join(map(str, lacking))
        return bad(
            "keys' peppers", f"keys need version {versions}", "Put it back into SKOOLY_KEY_PEPPERS, or revoke them."
        )
    return good("keys' peppers", f"{len(rows)} in use, all known")


async def _sealed(database: Database, settings: Settings) -> Finding:
    async with database.raw(Wall.worker()) as connection:
        used = {row["version"]: row["rows"] for row in await connection.fetch(SEALED_UNDER)}
        clear = await connection.fetchval("SELECT count(*) FROM endpoint WHERE headers <> '{}'")
        answers = {row[0] for row in await connection.fetch(ANSWERS_UNDER)}
    return sealing(used, clear, answers, set(settings.sealing_keys))


def sealing(used: Mapping[int, int], clear: int, answers: Set[int], keys: Set[int]) -> Finding:
    """`used`: rows by the version of their key; `answers`: versions that answers to be repeated need for a week."""
    check, newest = "webhooks' secrets", max(keys)
    if lacking := sorted(used.keys() - keys):
        versions = ", ".join(map(str, lacking))
        advice = "Put it back into SKOOLY_SECRET_KEYS, or rotate the secrets: nothing is sent to these endpoints."
        return bad(check, f"some need key version {versions}", advice)
    older = sum(rows for version, rows in used.items() if version != newest)
    if older or clear:
        said = f"{older} sealed under an older key, the headers of {clear} endpoints in clear"
        return warning(check, said, "Run ./skooly webhooks reseal, once every process has the newest key.")
    spare = sorted(keys - {newest})
    if not spare:
        return good(check, f"{used.get(newest, 0)}, all under key version {newest}")
    versions = ", ".join(map(str, spare))
    if waiting := answers & set(spare):
        week = f"within a week; answers that may be repeated need version {', '.join(map(str, sorted(waiting)))}"
        return good(check, f"all under key version {newest}; {versions} may go from SKOOLY_SECRET_KEYS {week}")
    return good(check, f"all under key version {newest}; {versions} may be taken out of SKOOLY_SECRET_KEYS")


CHECKS: dict[str, Check] = {
    "roles and walls": _safe,
    "migrations": _migrated,
    "partitions": _partitions,
    "clocks": _clocks,
    "schools' time zones": _zones,
    "keys' peppers": _peppers,
    "webhooks' secrets": _sealed,
}
