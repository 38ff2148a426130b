"""Who saw whom over streams: noted as frames are handed out, and written every few seconds.

Each row is an operation of its own, with an id of its own: a row of the audit is sealed minutes after its id was made,
and a stream may live for hours. What is noted is lost only where the process is killed, with the last seconds.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Self
from uuid import UUID
from weakref import WeakValueDictionary

import structlog

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.graph.context import RecordAudit
from app.core.ids import new_id
from app.core.tasks import end
from app.domains.events.watching import PeopleNamed
from app.domains.partners.opened import OpenedStreams, Opening

WRITE_SECONDS = 2.0
MOST_NOTED = 500
"""Students noted for one key, after which it is written without waiting."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Under what a row is written. Two streams of a key that ask the same share their rows."""

    actor: Actor
    operation: str
    channel: str


class _View:
    """What a viewer was shown since it was last written."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.matricules: set[str] = set()

    def taken(self) -> set[str]:
        matricules, self.matricules = self.matricules, set()
        return matricules


class Trail:
    """One per process, used as a context: leaving it writes what is still to be written."""

    def __init__(
        self, database: Database, people: PeopleNamed, record_audit: RecordAudit, *, seconds: float = WRITE_SECONDS
    ) -> None:
        self._database = database
        self._people = people
        self._record_audit = record_audit
        self._opened = OpenedStreams(database)
        self._seconds = seconds
        self._views: WeakValueDictionary[Viewer, _View] = WeakValueDictionary()
        self._unwritten: set[_View] = set()
        self._full = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep_writing())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        await end([self._task])
        await self.write()

    async def open(self, viewer: Viewer, request_id: UUID) -> None:
        """The row of the stream itself: that it was opened, by whom; no subjects yet.

        Returns once it is durable. Raises Unavailable, or what the database has against it.
        """
        await self._opened.record(Opening(viewer.actor, request_id, viewer.operation, viewer.channel))

    def noting(self, viewer: Viewer) -> Callable[[Collection[str]], None]:
        """To be told of the matricules that the viewer's frames show."""
        view = self._views.get(viewer)
        if view is None:
            view = self._views[viewer] = _View(viewer)
        return partial(self._note, view)

    async def write(self) -> None:
        """What has been noted. What cannot be written stays noted, and so does all that a cancellation leaves."""
        self._full.clear()
        unwritten, self._unwritten = self._unwritten, set()
        by_school: defaultdict[UUID, dict[_View, set[str]]] = defaultdict(dict)
        for view in unwritten:
            by_school[view.viewer.actor.school_id][view] = view.taken()
        left = dict(by_school)
        try:
            for school_id, noted in by_school.items():
                try:
                    await self._write(school_id, {view.viewer: matricules for view, matricules in noted.items()})
                except Exception as error:
                    log.warning("views_not_written", school_id=str(school_id), reason=type(error).__name__)
                else:
                    del left[school_id]
        finally:
            for noted in left.values():
                for view, matricules in noted.items():
                    view.matricules |= matricules
                self._unwritten |= noted.keys()

    def _note(self, view: _View, matricules: Collection[str]) -> None:
        view.matricules.update(matricules)
        self._unwritten.add(view)
        if len(view.matricules) >= MOST_NOTED:
            self._full.set()

    async def _write(self, school_id: UUID, noted: dict[Viewer, set[str]]) -> None:
        async with self._database.transaction(Wall.app(school_id)) as session:
            for viewer, matricules in noted.items():
                subjects = await self._people.find(session, matricules)
                if subjects:
                    await self._record_audit(
                        session,
                        viewer.actor,
                        request_id=new_id(),
                        operation=viewer.operation,
                        channel=viewer.channel,
                        subjects=subjects,
                    )

    async def _keep_writing(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._seconds):
                    await self._full.wait()
            except TimeoutError:
                pass
            if self._unwritten:
                await self.write()
