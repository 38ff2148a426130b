"""Reading the log from a place on: in order, without a hole, or with a clear word that there is one.

A reader who comes back after the events it needs were dropped, or with a place that this server never gave out
(another one was restored or promoted since), is told so: it gets `LogGap`, never silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.events.cursors import Place
from app.domains.events.errors import LogBroken, LogGap, LogNotOpened
from app.domains.events.service import read_events
from app.domains.events.tables import Event

# `ends_at` is where the reader's own epoch ended, NULL for the present one; `is_known` whether it is of this log's
# past, not opened by a server that this one knows nothing of; `oldest` is the first position still kept.
_STATE = text(
    """
SELECT l.epoch, l.last_position,
    (SELECT min(e.from_position) FROM log_epoch e WHERE e.school_id = l.school_id AND e.epoch > :epoch) AS ends_at,
    EXISTS (SELECT FROM log_epoch e WHERE e.school_id = l.school_id AND e.epoch = :epoch) AS is_known,
    coalesce(
        (SELECT v.position FROM event v WHERE v.school_id = l.school_id ORDER BY v.position LIMIT 1),
        l.last_position + 1
    ) AS oldest
FROM school_log l WHERE l.school_id = current_setting('app.school')::uuid
"""
)


@dataclass(frozen=True, slots=True)
class LogState:
    """`last` is the place of the newest event, `oldest` the place before the oldest one that is kept."""

    last: Place
    oldest: Place
    ends_at: int | None
    is_known: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive events, and the place after them; `more` events were there already when it was read."""

    events: Sequence[Event]
    place: Place
    more: bool


async def log_state(session: AsyncSession, epoch: int = 0) -> LogState:
    """Of the transaction's school, as a reader of `epoch` sees it. Raises LogNotOpened."""
    row = (await session.execute(_STATE, {"epoch": epoch})).one_or_none()
    if row is None:
        raise LogNotOpened
    ends_at = row.ends_at if epoch else None
    return LogState(Place(row.epoch, row.last_position), Place(row.epoch, row.oldest - 1), ends_at, row.is_known)


async def check_place(session: AsyncSession, place: Place) -> LogState:
    """Raises LogGap for a place that the log does not go on from."""
    state = await log_state(session, place.epoch)
    end = state.last.position if state.ends_at is None else state.ends_at
    is_ours = state.is_known and place.position <= end
    if not is_ours or place.position < state.oldest.position:
        raise LogGap(field="after", oldest=state.oldest)
    return state


async def read_stretch(session: AsyncSession, after: Place, most: int) -> Stretch:
    """The next events, at most `most`. Raises LogGap, and LogBroken where a position is missing in between."""
    state = await check_place(session, after)
    return stretch_of(state, after, await read_events(session, after.position, most))


def stretch_of(state: LogState, after: Place, events: Sequence[Event]) -> Stretch:
    """What was read after a place, a moment after the log's state was: by then an epoch may have been opened, so that
    the events themselves say in which one they are. Raises LogBroken.
    """
    expected = range(after.position + 1, after.position + 1 + len(events))
    if [event.position for event in events] != list(expected):
        raise LogBroken(position=after.position)
    reached = after.position + len(events)
    epoch = events[-1].epoch if events else state.last.epoch
    return Stretch(events, Place(epoch, reached), reached < state.last.position)
