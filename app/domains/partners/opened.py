"""The audit of streams as they are opened, many at a time: whoever opens one while rows are written shares the next
call.

A call of the function `record_openings` (migration 0030) writes one row for each, behind the wall of its school, and is
committed before anybody is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from app.core.actor import Actor
from app.core.batching import Batcher
from app.core.database import Database

_RECORD = "SELECT record_openings($1, $2, $3, $4, $5, $6, $7)"
OF_ONE_ROW = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What is said of a call of which perhaps one row alone is at fault."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Whose stream, of what: one row, without subjects."""

    actor: Actor
    request_id: UUID
    operation: str
    channel: str


class OpenedStreams:
    """One per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batcher: Batcher[Opening, Exception | None] = Batcher(self._record_all)

    async def record(self, opening: Opening) -> None:
        """Returns once its row is durable. Raises Unavailable, or what the database has against this row."""
        failure = await self._batcher.load(opening)
        if failure is not None:
            raise failure

    async def _record_all(self, openings: Sequence[Opening]) -> Sequence[Exception | None]:
        """What became of each. Where one may be at fault, each is written by itself: it alone is refused."""
        try:
            await self._database.fetch(_RECORD, *_arguments(openings))
        except OF_ONE_ROW as error:
            if len(openings) == 1:
                return [error]
            return [(await self._record_all([opening]))[0] for opening in openings]
        return [None] * len(openings)


def _arguments(openings: Sequence[Opening]) -> list[Any]:
    """What `record_openings` takes."""
    rows = sorted(openings, key=lambda opening: opening.actor.school_id)
    ends = {opening.actor.school_id: end for end, opening in enumerate(rows, 1)}
    return [
        list(ends),
        list(ends.values()),
        [opening.request_id for opening in rows],
        [opening.operation for opening in rows],
        [opening.actor.partner_id for opening in rows],
        [opening.actor.key_id for opening in rows],
        [opening.channel for opening in rows],
    ]
