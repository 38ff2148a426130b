"""The log of a school: gapless, in commit order, and part of the transaction that made the fact.

`record_event` only queues. The queue is written by a hook as the last statement before COMMIT, because the row lock on
`school_log` that makes positions gapless must be held for one commit and no longer.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, event, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from sqlmodel import col

from app.core.commit_queue import CommitQueue
from app.core.database import ANNOUNCE, Database, RawConnection, Wall
from app.core.tables import THIS_SCHOOL
from app.domains.events.catalogue import CATALOGUE
from app.domains.events.epochs import HOME, MOVE_IN
from app.domains.events.errors import LogNotOpened
from app.domains.events.tables import Event, LogEpoch, SchoolLog
from app.domains.events.topics import Topic

_GROWN = "skooly_grown"

# The rows of `source` get the next positions, in its order. `{source}` yields n, type, version, subject, facts,
# occurred_at.
# None do where the log was last written elsewhere: `MOVE_IN` first opens a new epoch.
_APPEND = """
WITH source AS MATERIALIZED ({source}),
taken AS (
    UPDATE school_log SET last_position = last_position + (SELECT count(*) FROM source)
    WHERE school_id = current_setting('app.school')::uuid AND home = {home}
    RETURNING school_id, epoch, last_position - (SELECT count(*) FROM source) AS base
)
INSERT INTO event (school_id, position, epoch, type, schema_version, subject, facts, occurred_at)
SELECT taken.school_id, taken.base + n, taken.epoch, type, version, subject, facts, coalesce(occurred_at, now())
FROM taken, source ORDER BY n
"""
_REACHED = "RETURNING school_id, position"

_APPEND_QUEUED = text(
    (_APPEND + _REACHED).format(
        home=HOME,
        source="""
    SELECT n, type, version, subject, facts::jsonb AS facts, occurred_at
    FROM unnest(
        CAST(:types AS text[]), CAST(:versions AS int[]), CAST(:subjects AS uuid[]), CAST(:facts AS text[]),
        CAST(:times AS timestamptz[])
    ) WITH ORDINALITY AS queued (type, version, subject, facts, occurred_at, n)""",
    )
)
_MOVE_IN = text(MOVE_IN)
_IS_AT_HOME = f"SELECT home = {HOME} FROM school_log WHERE school_id = current_setting('app.school')::uuid"  # noqa: S608


@dataclass(frozen=True, slots=True)
class _Queued:
    topic: Topic
    subject: UUID
    facts: str
    occurred_at: datetime | None


def record_event(
    session: AsyncSession,
    topic: Topic,
    *,
    subject: UUID,
    facts: dict[str, Any],
    occurred_at: datetime | None = None,
) -> None:
    """Puts a fact into the log of the transaction's school when that transaction commits, and only then.

    `facts` is JSON: strings, numbers, lists, dicts; dates and UUIDs are written as text. `occurred_at` is aware and
    defaults to the transaction's time. The commit raises LogNotOpened where the school has no log.
    """
    _QUEUE.add(session, _Queued(topic, subject, orjson.dumps(facts).decode(), occurred_at))


def _append_queued(session: AsyncSession, queue: list[_Queued]) -> None:
    connection = session.sync_session.connection()
    values = {
        "types": [queued.topic.value for queued in queue],
        "versions": [CATALOGUE[queued.topic].version for queued in queue],
        "subjects": [queued.subject for queued in queue],
        "facts": [queued.facts for queued in queue],
        "times": [queued.occurred_at for queued in queue],
    }
    rows = connection.execute(_APPEND_QUEUED, values).all()
    if not rows:
        connection.execute(_MOVE_IN)
        rows = connection.execute(_APPEND_QUEUED, values).all()
    if len(rows) != len(queue):
        raise LogNotOpened
    session.sync_session.info[_GROWN] = rows[-1]


@event.listens_for(Session, "after_commit")
def _announce_grown(session: Session) -> None:
    """Only now does anybody find what is announced."""
    grown = session.info.pop(_GROWN, None)
    announce = session.info.get(ANNOUNCE)
    if grown is not None and announce is not None:
        announce(grown.school_id, grown.position)


@event.listens_for(Session, "after_soft_rollback")
def _forget_grown(session: Session, _: SessionTransaction) -> None:
    session.info.pop(_GROWN, None)


_QUEUE = CommitQueue[_Queued]("events", _append_queued)


async def append_events_from(connection: RawConnection, select_sql: str, *args: Any) -> int:
    """Appends what `select_sql` yields, as the last statement of an import, and returns how many events that were.

    Its columns are, in order: type text, subject uuid, facts jsonb, occurred_at timestamptz (or NULL for now); its
    order is the log's; a type that is not in the catalogue violates NOT NULL. `args` fill its `$1`, `$2` … The
    transaction must name its school. Raises LogNotOpened.
    """
    version = f"(${len(args) + 1}::jsonb ->> type)::int"
    source = f"""
    SELECT row_number() OVER () AS n, type, {version} AS version, subject, facts, occurred_at
    FROM ({select_sql}) AS selected (type, subject, facts, occurred_at)"""  # noqa: S608 - our own statement, its values in `args`
    is_at_home = await connection.fetchval(_IS_AT_HOME)
    if is_at_home is None:
        raise LogNotOpened
    if not is_at_home:
        await connection.execute(MOVE_IN)
    versions = orjson.dumps({topic.value: described.version for topic, described in CATALOGUE.items()}).decode()
    status: str = await connection.execute(_APPEND.format(home=HOME, source=source), *args, versions)
    return int(status.rpartition(" ")[2])


async def announce_log(database: Database, school_id: UUID) -> None:
    """Tells that a log has grown: after the commit of a bare connection that appended to it. Raises Unavailable."""
    async with database.raw(Wall.app(school_id)) as connection:
        position = await connection.fetchval("SELECT last_position FROM school_log WHERE school_id = $1", school_id)
    database.announce(school_id, position)


async def open_log(session: AsyncSession, school_id: UUID) -> None:
    """Gives a new school its log: epoch 1, from position 0."""
    session.add(SchoolLog(school_id=school_id, last_position=0, epoch=1))
    session.add(LogEpoch(school_id=school_id, epoch=1, from_position=0))
    await session.flush()


def events_after(after: int, limit: int) -> Select[Event]:
    """The statement behind `read_events`."""
    return (
        select(Event)
        .where(col(Event.school_id) == THIS_SCHOOL, col(Event.position) > after)
        .order_by(col(Event.position))
        .limit(limit)
    )


async def read_events(session: AsyncSession, after: int, limit: int) -> list[Event]:
    """The events of the transaction's school past position `after`, in order, at most `limit` of them."""
    return list(await session.scalars(events_after(after, limit)))
