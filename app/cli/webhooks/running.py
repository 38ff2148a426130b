"""Work on the webhooks of one school, in its transactions."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.chosen_school import choose_school
from app.cli.instance import open_instance
from app.cli.ringing import open_database
from app.cli.steps import bar
from app.cli.webhooks.errors import named_for
from app.core.database import Wall
from app.domains.partners.tables import School
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.records import Queued
from app.settings import Settings

EVERYBODY = Owner()
Answer = TypeVar("Answer")
Work = Callable[[AsyncSession, School], Awaitable[Answer]]
More = Callable[[AsyncSession, School, UUID | None], Awaitable[Queued]]


def in_school(data: Path | None, school: str | None, work: Work[Answer]) -> Answer:
    with open_instance(data) as settings:
        return asyncio.run(run(settings, school, work))


async def run(settings: Settings, school: str | None, work: Work[Answer]) -> Answer:
    async with open_database(settings) as database:
        where = await choose_school(database, school)
        with named_for(where):
            async with database.transaction(Wall.app(where.id)) as session:
                return await work(session, where)


def until_done(data: Path | None, school: str | None, doing: str, some: More) -> int:
    """Calls `some` in transactions of its own until nothing is left, and returns how many were queued."""
    with open_instance(data) as settings, bar(doing) as tell:
        return asyncio.run(_repeat(settings, school, some, tell))


async def _repeat(settings: Settings, school: str | None, some: More, tell: Callable[[int, int], None]) -> int:
    async with open_database(settings) as database:
        where = await choose_school(database, school)
        done, queued = 0, Queued(0, more=True)
        while queued.more:
            with named_for(where):
                async with database.transaction(Wall.app(where.id)) as session:
                    queued = await some(session, where, queued.last)
            done += queued.count
            tell(done, done + queued.more)
    return done


def in_zone(at: datetime | None, school: School) -> datetime | None:
    """A moment as it was typed: without offset it is the school's."""
    return at.replace(tzinfo=ZoneInfo(school.timezone)) if at is not None and at.tzinfo is None else at
