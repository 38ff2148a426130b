"""What reading the log needs of the rest of the process: somebody who watches it, and somebody who knows the people."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class LogWatch:
    """Watches the logs of the schools that somebody waits for.

    `wait_past(school_id, position, seconds)` returns once the school's log reaches past `position`, or after
    `seconds`: whether it did. Nothing is held meanwhile: no transaction, no connection.
    """

    wait_past: Callable[[UUID, int, float], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class PeopleNamed:
    """Finds the students whose matricules events tell, for the audit. They live in a slice above this one."""

    find: Callable[[AsyncSession, Collection[str]], Awaitable[Collection[UUID]]]
