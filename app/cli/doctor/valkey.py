"""Valkey, and the worker that is seen through it."""

from collections.abc import AsyncIterator

from arq.constants import default_queue_name, health_check_key_suffix
from redis.asyncio import Redis

from app.cli.doctor.findings import Finding, State, bad, good, guarded, warning
from app.settings import Settings

SECONDS = 3.0
HEALTH_KEY = default_queue_name + health_check_key_suffix


async def valkey(settings: Settings) -> AsyncIterator[Finding]:
    redis = Redis.from_url(settings.redis_url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
    try:
        answers = await guarded("Valkey", _answers(redis))
        yield answers
        if answers.state is not State.BAD:
            yield await guarded("Valkey's memory", _memory(redis))
            yield await guarded("worker", _worker(redis))
    finally:
        await redis.aclose()


async def _answers(redis: Redis) -> Finding:
    found = await redis.info("server")
    return good("Valkey", str(found.get("valkey_version") or found.get("redis_version")))


async def _memory(redis: Redis) -> Finding:
    policy = (await redis.info("memory"))["maxmemory_policy"]
    if policy != "noeviction":
        return bad(
            "Valkey's memory", f"maxmemory-policy {policy}: jobs may be dropped", "Set maxmemory-policy noeviction."
        )
    if not (await redis.info("persistence"))["aof_enabled"]:
        return warning(
            "Valkey's memory", "noeviction, nothing on disk", "Set appendonly yes: a restart forgets what waits."
        )
    return good("Valkey's memory", "noeviction, appendonly")


async def _worker(redis: Redis) -> Finding:
    """ARQ's sign of life lasts half a minute: a worker that has just died still shows."""
    sign = await redis.get(HEALTH_KEY)
    waiting = await redis.zcard(default_queue_name)
    if sign is None:
        return bad("worker", f"no sign of life, {waiting} jobs wait", "Start ./skooly worker.")
    return good("worker", f"alive, {waiting} jobs wait")
