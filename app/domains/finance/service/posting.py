"""Facts post themselves, in the transaction that makes them, in a school that has chosen its accounts."""

from typing import Any

import orjson
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.commit_queue import CommitQueue
from app.core.database import Database, Wall
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.account_tables import WaitingFact
from app.domains.finance.facts import entry_facts
from app.domains.finance.pieces import Piece

RETRIED_AT_ONCE = 500

_POST = text("SELECT * FROM post_facts(CAST(:facts AS jsonb))")
_WAITING = (
    select(col(WaitingFact.fact))
    .where(col(WaitingFact.school_id) == THIS_SCHOOL)
    .order_by(col(WaitingFact.dated), col(WaitingFact.source_id))
    .limit(RETRIED_AT_ONCE)
)
_SCHOOLS_THAT_WAIT = select(col(WaitingFact.school_id)).distinct()


def post_piece(session: AsyncSession, piece: Piece) -> None:
    """Posts what a fact says, validated and under the next number of its journal, when the transaction commits.

    Only then are journals locked, for one commit. A school without a map posts nothing. A fact never fails for its
    piece: where its day is in a closed period it is posted into the next open one, and where none is open it waits.
    """
    _PIECES.add(session, piece)


def _write(session: AsyncSession, pieces: list[Piece]) -> None:
    rows = [piece.row(n) for n, piece in enumerate(pieces)]
    posted = session.sync_session.connection().execute(_POST, {"facts": _json(rows)})
    for entry in posted.all():
        _tell(session, entry)


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()  # the driver's UUIDs are of a class of their own


_PIECES = CommitQueue[Piece]("pieces", _write)


async def post_waiting(session: AsyncSession) -> int:
    """Posts what waits for an open period, the oldest first, and returns how many entries that made.

    At most RETRIED_AT_ONCE of them; none means that no period takes the others either.
    """
    facts = [{**fact, "n": n} for n, fact in enumerate(await session.scalars(_WAITING))]
    if not facts:
        return 0
    posted = (await session.execute(_POST, {"facts": _json(facts)})).all()
    for entry in posted:
        _tell(session, entry)
    return len(posted)


async def post_waiting_everywhere(database: Database) -> int:
    """The same for every school, each batch in a transaction of its own."""
    async with database.transaction(Wall.worker()) as session:
        schools = list(await session.scalars(_SCHOOLS_THAT_WAIT))
    posted = 0
    for school_id in schools:
        made = RETRIED_AT_ONCE
        while made:
            async with database.transaction(Wall.app(school_id)) as session:
                made = await post_waiting(session)
            posted += made
    return posted


def _tell(session: AsyncSession, entry: Row[*tuple[Any, ...]]) -> None:
    facts = {name: value for name, value in entry._mapping.items() if name != "entry_id"}
    record_event(session, Topic.JOURNAL_ENTRY_VALIDATED, subject=entry.entry_id, facts=entry_facts(**facts))
