"""Endpoints with a secret, events that go to them, and a look at what became of them."""

from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text

from app.core.crypto import Vault
from app.core.database import Database, Wall
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.partners.service import ensure_partner, issue_key
from app.domains.partners.tables import School
from app.domains.webhooks.endpoints import secret_context
from tests.support.factories.partners import PEPPERS

VAULT_KEY = b"a key for tests: 32 bytes long.."
VAULT = Vault({1: VAULT_KEY})
SECRET = b"a signing secret for tests, 32 b"

_HAS_KEY = text("SELECT true FROM api_key WHERE partner_id = :partner LIMIT 1")
_INSERT = """
INSERT INTO endpoint (school_id, partner_id, url, start_position, {columns}) SELECT $1, $2, $3, $4, {columns}
FROM jsonb_populate_record(NULL::endpoint, $5::jsonb) RETURNING id
"""


async def make_endpoint(
    database: Database, school: School, url: str, *, vault: Vault = VAULT, partner: str = "Récepteur", **columns: Any
) -> UUID:
    """`columns` of `endpoint`, as JSON has them; `start_position` is that of the log where none is given.

    Its partner has a key that may read everything where it had none.
    """
    async with database.transaction(Wall.app(school.id)) as session:
        owner = await ensure_partner(session, partner)
        if not await session.scalar(_HAS_KEY, {"partner": owner.id}):
            await issue_key(session, school, owner, "core", PEPPERS)
    start = columns.pop("start_position", None)
    given = {"description": "", **columns}
    async with database.raw(Wall.app(school.id)) as connection:
        statement = _INSERT.format(columns=", ".join(given))
        values = school.id, owner.id, url, start, orjson.dumps(given).decode()
        endpoint: UUID = await connection.fetchval(statement, *values)
        sealed = vault.seal(SECRET, secret_context(endpoint))
        await connection.execute(
            "INSERT INTO endpoint_secret (school_id, endpoint_id, ciphertext, key_version) VALUES ($1, $2, $3, $4)",
            school.id,
            endpoint,
            sealed.ciphertext,
            sealed.key_version,
        )
    return endpoint


async def change_endpoint(database: Database, school: School, endpoint: UUID, **columns: Any) -> None:
    async with database.raw(Wall.app(school.id)) as connection:
        assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, start=3))
        await connection.execute(
            f"UPDATE endpoint SET {assignments} WHERE school_id = $1 AND id = $2",
            school.id,
            endpoint,
            *columns.values(),
        )


async def happen(
    database: Database, school: School, count: int = 1, topic: Topic = Topic.WALLET_LOW, **facts: Any
) -> list[UUID]:
    """Events of one transaction; returns their subjects."""
    subjects = [uuid4() for _ in range(count)]
    async with database.transaction(Wall.app(school.id)) as session:
        for subject in subjects:
            record_event(session, topic, subject=subject, facts=facts)
    return subjects


class Deliveries:
    """The rows of one school, as its application sees them."""

    def __init__(self, database: Database, school: School) -> None:
        self._database, self._school = database, school

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        async with self._database.raw(Wall.worker(self._school.id)) as connection:
            return await connection.fetch(sql, *args)

    async def states(self, endpoint: UUID | None = None) -> dict[str, int]:
        """How many deliveries are in each state."""
        rows = await self.rows(
            "SELECT state, count(*) AS n FROM delivery WHERE school_id = $1 AND ($2::uuid IS NULL OR endpoint_id = $2) "
            "GROUP BY state",
            self._school.id,
            endpoint,
        )
        return {row["state"]: row["n"] for row in rows}

    async def outcomes(self, endpoint: UUID) -> list[tuple[int, str]]:
        """(number, outcome) of the attempts, in order."""
        rows = await self.rows(
            "SELECT number, outcome FROM attempt WHERE school_id = $1 AND endpoint_id = $2 ORDER BY at, number",
            self._school.id,
            endpoint,
        )
        return [(row["number"], row["outcome"]) for row in rows]

    async def state_of(self, endpoint: UUID) -> Any:
        """The row of `endpoint_state`."""
        [row] = await self.rows(
            "SELECT * FROM endpoint_state WHERE school_id = $1 AND endpoint_id = $2", self._school.id, endpoint
        )
        return row

    async def shift(self, endpoint: UUID, seconds: float) -> None:
        """As if that much time had passed: everything that waits, waits that much less."""
        async with self._database.raw(Wall.worker()) as connection:
            await connection.execute(
                "UPDATE delivery SET next_at = next_at - make_interval(secs => $2), "
                "lease_until = lease_until - make_interval(secs => $2) WHERE endpoint_id = $1 "
                "AND state IN ('pending', 'retry_wait', 'leased')",
                endpoint,
                seconds,
            )
            await connection.execute(
                "UPDATE endpoint_state SET next_due_at = next_due_at - make_interval(secs => $2), "
                "wait_until = wait_until - make_interval(secs => $2), rate_at = rate_at - make_interval(secs => $2), "
                "last_served_at = last_served_at - make_interval(secs => $2), "
                "first_failure_at = first_failure_at - make_interval(secs => $2), "
                "window_from = window_from - make_interval(secs => $2) WHERE endpoint_id = $1",
                endpoint,
                seconds,
            )
