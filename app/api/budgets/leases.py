"""Where processes share a budget: a counter in Valkey for each key and window, from which each leases blocks."""

from typing import Protocol

from redis.asyncio import Redis

SECONDS = 60
LEASE = """
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local granted = math.max(0, math.min(tonumber(ARGV[1]), tonumber(ARGV[2]) - used))
if granted > 0 then
    redis.call('INCRBY', KEYS[1], granted)
    redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return {granted, used + granted}
"""


class Leases(Protocol):
    async def lease(self, key_id: str, window: int, asked: int, limit: int) -> tuple[int, int]:
        """How many of the points `asked` for are granted, and how many were granted in this window in all.

        Raises whatever says that the counter cannot be reached.
        """


class ValkeyLeases:
    """A counter lives twice as long as its window: processes may see it end at slightly different times."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(LEASE)

    async def lease(self, key_id: str, window: int, asked: int, limit: int) -> tuple[int, int]:
        granted, total = await self._script(keys=[f"skooly:budget:{key_id}:{window}"], args=[asked, limit, 2 * SECONDS])
        return int(granted), int(total)
