"""The limiter of one process: decides at once from what it has leased, and leases more in the background.

No request ever waits for Valkey. At the beginning of a window a process knows nothing, so it lets a block be spent on
credit and leases it meanwhile; from then on it leases a block ahead. All processes together therefore allow at most the
budget and, for each process, what was on credit when the budget ended: a block and one operation. While Valkey is
away, each process counts the whole budget by itself.
"""

import asyncio
from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

import structlog
from redis.exceptions import RedisError

from app.api.budgets.account import Account
from app.api.budgets.leases import SECONDS, Leases
from app.api.errors import RateLimited
from app.core.actor import Actor
from app.core.clock import Clock
from app.core.scopes import Scope
from app.core.tasks import end

DEVICE_FACTOR = 10
"""By how much the budget of a key that may check access is larger. A check costs 2 points and a passage 11: at the
default, one key serves 75 gates at which somebody passes every second."""
BLOCKS = 10
"""Into how many blocks a budget is divided."""
LARGEST_BLOCK = 100_000
"""Points. What a process had leased is lost when it is killed: ten kills in a minute must not spend a large budget."""
KEPT = 10_000
UNREACHABLE = (RedisError, OSError, TimeoutError)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Budget:
    """What a key may spend: `remaining` of `limit` points, until `ends_at` (since 1970), which is in `seconds`."""

    limit: int
    remaining: int
    ends_at: int
    seconds: int

    @property
    def reset_at(self) -> datetime:
        return datetime.fromtimestamp(self.ends_at, UTC)


class Budgets:
    """One per process. `limit` is for keys without a factor of their own, in points a minute."""

    def __init__(self, leases: Leases, clock: Clock, *, limit: int) -> None:
        self._leases = leases
        self._clock = clock
        self._limit = limit
        self._accounts: dict[str, Account] = {}
        self._leasing: set[asyncio.Task[None]] = set()
        self._away = False

    def spend(self, actor: Actor, points: int) -> None:
        """Raises RateLimited, and has spent nothing then."""
        now = self._clock.now().timestamp()
        account = self._account(actor, now)
        spent = account.spend(points)
        if account.low:
            self._lease(actor.key_id, account)
        if not spent:
            # With points left it was only too fast for the lease that is under way.
            seconds = 1 if account.remaining >= points else _seconds(account, now)
            raise RateLimited(limit=account.limit, seconds=seconds)

    def of(self, actor: Actor) -> Budget:
        now = self._clock.now().timestamp()
        account = self._account(actor, now)
        return Budget(account.limit, account.remaining, account.ends_at, _seconds(account, now))

    async def settled(self) -> None:
        """Waits for the leases that are under way."""
        await asyncio.gather(*self._leasing)

    async def stop(self) -> None:
        await end(self._leasing)

    def limit_of(self, scopes: Set[str]) -> int:
        return self._limit * (DEVICE_FACTOR if Scope.ACCESS_CHECK in scopes else 1)

    def _account(self, actor: Actor, now: float) -> Account:
        account = self._accounts.get(actor.key_id)
        if account is None or now >= account.ends_at:
            account = self._accounts[actor.key_id] = self._opened(actor, now)
            if len(self._accounts) > KEPT:
                self._accounts = {key: each for key, each in self._accounts.items() if now < each.ends_at}
        return account

    def _opened(self, actor: Actor, now: float) -> Account:
        """Each key's minutes begin at a second of their own, or all keys would come back at the same time."""
        offset = crc32(actor.key_id.encode()) % SECONDS
        starts_at = int(now - offset) // SECONDS * SECONDS + offset
        limit = self.limit_of(actor.scopes)
        block = min(max(1, limit // BLOCKS), LARGEST_BLOCK)
        return Account(limit, block, starts_at, starts_at + SECONDS, unleased=limit)

    def _lease(self, key_id: str, account: Account) -> None:
        account.leasing = True
        task = asyncio.get_running_loop().create_task(self._leased(key_id, account))
        self._leasing.add(task)
        task.add_done_callback(self._leasing.discard)

    async def _leased(self, key_id: str, account: Account) -> None:
        asked, repaid = account.ask(), account.credit
        try:
            granted, total = await self._leases.lease(key_id, account.starts_at, asked, account.limit)
            self._tell(away=False)
        except UNREACHABLE:
            self._tell(away=True)
            granted = max(0, min(asked, account.limit - account.own))
            total = account.own + granted
        finally:
            account.leasing = False
        account.settle(repaid, granted, total)

    def _tell(self, *, away: bool) -> None:
        """Once, not for every request."""
        if away is not self._away:
            self._away = away
            log.warning("budgets counted by each process alone" if away else "budgets shared again")


def _seconds(account: Account, now: float) -> int:
    """Until the window ends, at least one."""
    return max(1, -int(-(account.ends_at - now) // 1))
