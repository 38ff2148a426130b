"""`GET /health/live`: the process answers. `GET /health/ready`: it can do its work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from app.web.answers import send_json
from app.web.exchange import Receive, Scope, Send, exchange_of

PROBE_SECONDS = 2.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Check:
    """`probe` says whether the part works, or raises. Without an essential part the process is not ready."""

    name: str
    probe: Callable[[], Awaitable[bool]]
    essential: bool = True


async def live(scope: Scope, receive: Receive, send: Send) -> None:
    exchange_of(scope).route = "/health/live"
    await send_json(send, 200, {"status": "alive"})


class Ready:
    """200 `ready`; 200 `degraded` when only a dispensable part is down; 503 `unavailable`."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange_of(scope).route = "/health/ready"
        works = await asyncio.gather(*(_works(check) for check in self._checks))
        parts = {check.name: "up" if up else "down" for check, up in zip(self._checks, works, strict=True)}
        if all(up for check, up in zip(self._checks, works, strict=True) if check.essential):
            await send_json(send, 200, {"status": "ready" if all(works) else "degraded", "parts": parts})
        else:
            await send_json(send, 503, {"status": "unavailable", "parts": parts}, headers={"retry-after": "5"})


async def _works(check: Check) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await check.probe()
    except Exception as error:
        log.warning("not ready", part=check.name, exc_info=error)
        return False
