"""The keys of whoever stays: a stream or a socket ends with its key, however long ago that was let in.

A key expires by a timer. Whenever the keyring's generation moves, which every process polls twice a second, all the
keys in use are looked at again in one query; until that has answered, and while the polls fail, nothing is trusted,
hence nothing handed out. So a revoked key is out everywhere within a second, without Valkey.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self

import structlog

from app.core.actor import Actor
from app.core.batching import Batcher
from app.core.clock import Clock
from app.core.errors import SkoolyError
from app.core.tasks import end
from app.domains.partners.errors import KeyExpired, KeyRevoked
from app.domains.partners.keyring import Keyring, KeyState
from app.live.errors import KeyChanged

AGAIN_SECONDS = 0.1
"""Between two looks at the keys, where the first did not succeed."""
LONGEST_TIMER = 24 * 3600.0

log = structlog.get_logger(__name__)


class Guest(Protocol):
    """Whoever stays under a key. Neither may wait."""

    def end(self, failure: SkoolyError) -> None: ...

    def wake(self) -> None:
        """The keys are trusted again."""
        ...


@dataclass(slots=True)
class _Staying:
    """The guests of one key; `generation` is that at which the key was last seen to be good."""

    actor: Actor
    guests: set[Guest] = field(default_factory=set)
    generation: int = -1
    timer: asyncio.TimerHandle | None = None


class KeyGuard:
    """One per process, used as a context while the keyring polls."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock
        self._staying: dict[str, _Staying] = {}
        self._checked = -1
        self._count = keyring.count
        self._doubted = False
        """Whether somebody has to be woken: after each poll that would be all there are, for nothing."""
        self._task: asyncio.Task[None] | None = None
        self._looks: Batcher[str, tuple[int, KeyState | None]] = Batcher(self._look_at_all, in_flight=1)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep_checking())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        await end([self._task])
        for staying in self._staying.values():
            _stop(staying)

    @property
    def trusted(self) -> bool:
        """Whether all who stay are known to stay rightly, as of the last second."""
        polled, is_counted_on = self._keyring.generation, self._count == self._keyring.count
        return polled is not None and is_counted_on and self._checked >= polled and self._keyring.fresh

    def trusts(self) -> bool:
        """The same for a guest who is woken again where it is not so."""
        self._doubted = self._doubted or not self.trusted
        return self.trusted

    async def admit(self, actor: Actor, guest: Guest) -> None:
        """Lets a guest stay for as long as its key is good. Raises KeyRevoked, KeyExpired or KeyChanged.

        It is looked at once more, after it was noted: between its authentication and now it may have been revoked.
        """
        staying = self._staying.setdefault(actor.key_id, _Staying(actor))
        staying.guests.add(guest)
        try:
            while not self.trusted or staying.generation < self._checked:
                await self._look_at(actor)
                if self._staying.get(actor.key_id) is not staying:
                    raise KeyChanged  # it was released meanwhile, and nobody would end it
                if staying.generation >= self._checked:
                    break
        except BaseException:
            self.release(actor, guest)
            raise

    def release(self, actor: Actor, guest: Guest) -> None:
        staying = self._staying.get(actor.key_id)
        if staying is not None:
            staying.guests.discard(guest)
            if not staying.guests:
                _stop(staying)
                del self._staying[actor.key_id]

    async def still_good(self, actor: Actor) -> None:
        """As `KeyLook` has it, for who waits without being a guest. Raises what `admit` raises, or the database."""
        _, state = await self._looks.load(actor.key_id)
        if failure := self._refusal(state, actor):
            raise failure

    async def _look_at(self, actor: Actor) -> None:
        generation, state = await self._looks.load(actor.key_id)
        if failure := self._settled(actor.key_id, state, generation, actor):
            raise failure

    async def _look_at_all(self, key_ids: Sequence[str]) -> list[tuple[int, KeyState | None]]:
        """A thousand clients that come back at once are a few queries, not a thousand."""
        generation, states = await self._keyring.states_of_newcomers(key_ids)
        return [(generation, states.get(key_id)) for key_id in key_ids]

    def _settled(self, key_id: str, state: KeyState | None, generation: int, actor: Actor) -> SkoolyError | None:
        """Why nobody may stay under the key; None where they may, until it expires."""
        if failure := self._refusal(state, actor):
            return failure
        assert state is not None
        staying = self._staying.get(key_id)
        if staying is not None and staying.generation <= generation:
            staying.generation = generation
            self._set_timer(staying, state.expires_at)
        return None

    def _refusal(self, state: KeyState | None, actor: Actor) -> SkoolyError | None:
        """Why the key is not what it was when `actor` was let in, if it is not."""
        if state is None or state.revoked:
            return KeyRevoked()
        if state.expires_at is not None and state.expires_at <= self._clock.now():
            return KeyExpired()
        return KeyChanged() if (state.scopes, state.zones) != (actor.scopes, actor.zones) else None

    def _set_timer(self, staying: _Staying, expires_at: datetime | None) -> None:
        _stop(staying)
        if expires_at is not None:
            seconds = (expires_at - self._clock.now()).total_seconds()
            loop = asyncio.get_running_loop()
            if seconds > LONGEST_TIMER:
                staying.timer = loop.call_later(LONGEST_TIMER, self._set_timer, staying, expires_at)
            else:
                staying.timer = loop.call_later(max(0.0, seconds), _end, staying, KeyExpired())

    async def _keep_checking(self) -> None:
        while True:
            while self._is_behind():
                await self._check()
            if self._doubted and self.trusted:
                self._doubted = False
                for guest in list(self._guests()):
                    guest.wake()
            await self._keyring.polled()

    def _is_behind(self) -> bool:
        """Also where somebody was let in, by what was known before, while the others were looked at."""
        if self._count != self._keyring.count:
            self._begin_anew()
        polled = self._keyring.generation
        if polled is None:
            return False
        return self._checked < polled or any(0 <= each.generation < self._checked for each in self._staying.values())

    def _begin_anew(self) -> None:
        """A generation of another server says nothing: it may have lost revocations, and count them again."""
        self._count = self._keyring.count
        self._checked = -1
        for staying in self._staying.values():
            staying.generation = -1

    async def _check(self) -> None:
        """All of them; it is tried again until it succeeds."""
        asked = list(self._staying)
        try:
            generation, states = await self._keyring.states(asked)
        except Exception as error:
            log.warning("keys_not_checked", reason=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)
            return
        self._checked = generation
        for key_id in asked:
            staying = self._staying.get(key_id)
            if staying is not None and (
                failure := self._settled(key_id, states.get(key_id), generation, staying.actor)
            ):
                _end(staying, failure)

    def _guests(self) -> Iterator[Guest]:
        for staying in self._staying.values():
            yield from staying.guests


def _stop(staying: _Staying) -> None:
    if staying.timer is not None:
        staying.timer.cancel()
        staying.timer = None


def _end(staying: _Staying, failure: SkoolyError) -> None:
    for guest in list(staying.guests):
        guest.end(failure)
