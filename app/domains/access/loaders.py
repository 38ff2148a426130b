"""Access checks, many at a time: whoever asks while a batch is under way shares the next one.

A batch is one call of the function `check_access` (migration 0004): for each of its schools it takes the school's
wall, decides, and writes the audit rows in the same statement, which is committed before anybody is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.actor import Actor
from app.core.batching import Batcher
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import first_id_at

CHECK_ACCESS = """
SELECT n, zone_known, reason, first_name
FROM check_access($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Question:
    """May this badge enter this zone? Both are normalised; the rest is who asks and under which request."""

    badge: str
    zone: str
    actor: Actor
    request_id: UUID
    operation: str
    channel: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`reason` is None for somebody who may enter; without a known zone it means nothing."""

    zone_known: bool
    reason: str | None
    first_name: str | None


class AccessChecks:
    """One per process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._batcher: Batcher[Question, Answer] = Batcher(self._fetch)

    async def ask(self, question: Question) -> Answer:
        """Raises Unavailable."""
        return await self._batcher.load(question)

    async def _fetch(self, questions: Sequence[Question]) -> Sequence[Answer]:
        order = sorted(range(len(questions)), key=lambda n: questions[n].actor.school_id)
        asked = [questions[n] for n in order]
        rows = await self._database.fetch(CHECK_ACCESS, *_arguments(asked, self._clock.now()))
        answers = {order[n - 1]: Answer(zone_known, reason, name) for n, zone_known, reason, name in rows}
        return [answers[n] for n in range(len(questions))]


def passage_bounds(moment: datetime, now: datetime) -> tuple[UUID, UUID]:
    """The ids between which lie all passages of the day before `moment`: they name the partitions to look at."""
    return first_id_at(moment - 2 * _DAY), first_id_at(now + _DAY)


def _arguments(asked: Sequence[Question], now: datetime) -> list[Any]:
    """What `check_access` takes, for questions that come sorted by school."""
    schools: list[Actor] = []
    ends: list[int] = []
    for end, question in enumerate(asked, 1):
        if schools and schools[-1].school_id == question.actor.school_id:
            ends[-1] = end
        else:
            schools.append(question.actor)
            ends.append(end)
    local = [now.astimezone(ZoneInfo(actor.timezone)) for actor in schools]
    return [
        [actor.school_id for actor in schools],
        ends,
        [now] * len(schools),
        [moment.date() for moment in local],
        [moment.isoweekday() for moment in local],
        [moment.time() for moment in local],
        [question.badge for question in asked],
        [question.zone for question in asked],
        [question.request_id for question in asked],
        [question.operation for question in asked],
        [question.actor.partner_id for question in asked],
        [question.actor.key_id for question in asked],
        [question.channel for question in asked],
        *passage_bounds(now, now),
    ]
