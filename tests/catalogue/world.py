"""A school in which something happens, and what its log then says."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.domains.events.service import read_events
from app.domains.events.tables import Event
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.domains.students.commands import create_student

NOW = datetime(2025, 1, 13, 9, tzinfo=UTC)
TODAY = date(2025, 1, 13)
MATRICULE = "2024/INF/0123"


@dataclass(frozen=True)
class World:
    """A school with one student, who was created as any other."""

    database: Database
    school: School
    actor: Actor

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.database.transaction(Wall.app(self.school.id))

    async def log(self) -> list[Event]:
        async with self.write() as session:
            return await read_events(session, 0, 1_000)

    async def add_student(self, matricule: str = MATRICULE) -> None:
        async with self.write() as session:
            await create_student(
                session, self.actor, matricule=matricule, first_name="Aïssatou", last_name="N'Diaye", today=TODAY
            )


Happening = Callable[[World], Awaitable[Any]]
Happenings = Mapping[Topic, Happening]
