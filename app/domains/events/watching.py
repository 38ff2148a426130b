"""What reading the log needs of the rest of the process: who watches it, who knows the keys, and who the people."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor

READING_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class LogWatch:
    """Watches the logs of the schools that somebody waits for.

    `wait_past(school_id, position, seconds)` returns once the school's log reaches past `position`, after `seconds`, or
    when the process is about to stop: whether it did. Nothing is held meanwhile: no transaction, no connection.
    `reading` is for whoever then looks what came: all of a school are woken at once, and requests need connections too.
    """

    wait_past: Callable[[UUID, int, float], Awaitable[bool]]
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READING_AT_ONCE))


@dataclass(frozen=True, slots=True)
class KeyLook:
    """Looks at the key of somebody who has waited: `still_good(actor)` raises what has become of it meanwhile."""

    still_good: Callable[[Actor], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class PeopleNamed:
    """Finds the students whose matricules events tell, for the audit. They live in a slice above this one."""

    find: Callable[[AsyncSession, Collection[str]], Awaitable[Collection[UUID]]]
