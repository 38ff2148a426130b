"""A log that cannot be read for a while costs a stream that while, and nothing else."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.domains.events.cursors import Place
from app.domains.events.errors import LogBroken, LogGap, LogNotOpened
from app.domains.events.following import LogFilter
from app.domains.events.reading import Stretch
from app.domains.events.tables import Event
from app.domains.events.topics import Topic
from app.live.cohort import Cohort
from app.live.errors import StreamFailed
from app.live.frames import Frame
from app.live.stream import Stream
from app.live.waiting import Everything


class Plain:
    """A renderer that shows positions, and cannot show some."""

    def __init__(self, broken: Collection[int] = ()) -> None:
        self._broken = broken

    def event(self, event: Event) -> Frame:
        if event.position in self._broken:
            raise ValueError(event.position)
        place = Place(event.epoch, event.position)
        return Frame(b"%d" % event.position, self.cursor(place), place, ("wallet.low", None))

    def checkpoint(self, place: Place) -> Frame:
        return Frame(b"here", self.cursor(place), place, ("wallet.low", None))

    def gap(self, gap: LogGap) -> Frame:
        return Frame(b"gap", None, None, ("gap", None))

    def cursor(self, place: Place) -> str:
        return str(place.position)


class Log:
    """Three events; each of `failures` keeps somebody from reading or joining once."""

    def __init__(self, failures: list[Exception]) -> None:
        self._failures = failures

    async def join(self, school_id: UUID, listener: Cohort) -> Place:
        self._fail()
        return Place(1, 3)

    def leave(self, school_id: UUID, listener: Cohort) -> None: ...

    async def read(self, school_id: UUID, after: Place) -> Stretch:
        self._fail()
        events = [an_event(position) for position in range(after.position + 1, 4)][:2]
        reached = after.position + len(events)
        return Stretch(events, Place(1, reached), reached < 3)

    def _fail(self) -> None:
        if self._failures:
            raise self._failures.pop()


def an_event(position: int) -> Event:
    return Event(
        school_id=uuid4(),
        id=uuid4(),
        position=position,
        epoch=1,
        type=Topic.WALLET_LOW,
        subject=uuid4(),
        facts={},
        occurred_at=datetime(2025, 1, 13, tzinfo=UTC),
    )


async def reading(renderer: Plain, log: Log) -> Stream:
    """A stream that begins with the oldest event."""
    cohort = Cohort(uuid4(), LogFilter(frozenset({Topic.WALLET_LOW})), renderer, log)
    stream = Stream(
        cohort,
        log,
        Everything(),
        trusted=lambda: True,
        shown=lambda _: None,
        ended=lambda _: None,
        again_seconds=0.001,
    )
    await stream.begin(Place(1, 0))
    return stream


@pytest.mark.parametrize("away", range(4))
async def test_it_goes_on_from_where_it_was(away: int) -> None:
    stream = await reading(Plain(), Log([ConnectionResetError("PostgreSQL was killed")] * away))
    taken: list[bytes] = []
    while b"here" not in taken:
        taken += [frame.payload for frame in await stream.take()]
    assert taken == [b"1", b"2", b"3", b"here"]
    assert stream.closing is None


@pytest.mark.parametrize("failure", [LogBroken(position=1), LogNotOpened()])
async def test_a_log_that_does_not_go_on_ends_it(failure: Exception) -> None:
    stream = await reading(Plain(), Log([failure]))
    assert await stream.take() == ()
    assert stream.closing is not None
    assert stream.closing.failure is failure


async def test_what_cannot_be_shown_ends_it() -> None:
    stream = await reading(Plain(broken={3}), Log([]))
    assert [frame.payload for frame in await stream.take()] == [b"1", b"2"]
    assert await stream.take() == ()
    assert stream.closing is not None
    assert isinstance(stream.closing.failure, StreamFailed)
    assert stream.closing.cursor == "2"
