"""The doorbell: "this school's log has grown". A hint over Valkey that nobody may depend on.

Ringing never fails and never waits; listening yields a hint at once where Valkey works and `None`, "look everywhere",
once a second whatever Valkey does: a stopped Valkey looks just like a quiet one.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.core.tasks import end

log = structlog.get_logger(__name__)

CHANNEL = "skooly:log"
LOOK_SECONDS = 1.0
RECONNECT_SECONDS = 1.0
VALKEY_SECONDS = 1.0
MOST_WAITING = 10_000
"""Schools whose ring has not gone out yet. Beyond it nothing is remembered: looking everywhere finds it."""


@dataclass(frozen=True, slots=True)
class Hint:
    """The school's log reaches at least `position`."""

    school_id: UUID
    position: int

    def encode(self) -> str:
        return f"{self.school_id.hex} {self.position}"

    @classmethod
    def decode(cls, data: bytes) -> Self | None:
        """None for what is no hint: anybody may write to a channel."""
        try:
            school, position = data.split()
            return cls(UUID(school.decode()), int(position))
        except ValueError:
            return None


class Doorbell:
    """One for a process, to ring, to listen, or both."""

    def __init__(self, redis_url: str, look_seconds: float = LOOK_SECONDS) -> None:
        """`look_seconds`: how long a listener goes at most without looking everywhere."""
        self._redis = Redis.from_url(
            redis_url,
            socket_timeout=VALKEY_SECONDS,
            socket_connect_timeout=VALKEY_SECONDS,
            health_check_interval=5,
        )
        self._look_seconds = look_seconds
        self._waiting: dict[UUID, int] = {}
        self._rung = asyncio.Event()
        self._ringer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._ringer = asyncio.create_task(self._keep_ringing())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._ringer is not None:
            await end([self._ringer])
        await self._redis.aclose()

    def ring(self, school_id: UUID, position: int) -> None:
        """To be called after the commit. Rings of a school that wait to go out become one."""
        if len(self._waiting) < MOST_WAITING or school_id in self._waiting:
            self._waiting[school_id] = max(position, self._waiting.get(school_id, 0))
            self._rung.set()

    async def _keep_ringing(self) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            waiting, self._waiting = self._waiting, {}
            try:
                await self._publish(waiting)
            except (RedisError, OSError) as error:
                log.debug("doorbell_silent", reason=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def ring_now(self, positions: Mapping[UUID, int]) -> None:
        """For a process that is about to end: waits a second at most. Rings are lost where Valkey is."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(VALKEY_SECONDS):
                await self._publish(positions)

    async def _publish(self, waiting: Mapping[UUID, int]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for school_id, position in waiting.items():
                pipeline.publish(CHANNEL, Hint(school_id, position).encode())
            await pipeline.execute()

    async def hints(self) -> AsyncIterator[Hint | None]:
        """Hints as they come, and None at the start, after each gap and once a second: look everywhere. Never ends."""
        while True:
            yield None
            started = time.monotonic()
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for hint in self._heard(channel):
                        yield hint
            except (RedisError, OSError) as error:
                log.debug("doorbell_unheard", reason=type(error).__name__)
            await asyncio.sleep(max(0.0, started + RECONNECT_SECONDS - time.monotonic()))

    async def _heard(self, channel: PubSub) -> AsyncIterator[Hint | None]:
        look_at = 0.0
        while True:
            now = time.monotonic()
            if now >= look_at:
                yield None
                look_at = now + self._look_seconds
            message = await channel.get_message(ignore_subscribe_messages=True, timeout=max(0.0, look_at - now))
            if message is not None and (hint := Hint.decode(message["data"])) is not None:
                yield hint
