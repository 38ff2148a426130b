import asyncio
from typing import Any

import pytest

from app.web.health import Check
from tests.api.support import Sample
from tests.web.support import client_of, make_app


async def up() -> bool:
    return True


async def down() -> bool:
    return False


async def broken() -> bool:
    raise ConnectionRefusedError("postgresql://user:password@host")


@pytest.mark.parametrize(
    ("database", "valkey", "status", "word"),
    [(up, up, 200, "ready"), (up, down, 200, "degraded"), (up, broken, 200, "degraded"),
     (down, up, 503, "unavailable"), (broken, broken, 503, "unavailable")],
)  # fmt: skip
async def test_readiness(sample: Sample, database: Any, valkey: Any, status: int, word: str) -> None:
    checks = (Check("database", database), Check("valkey", valkey, essential=False))
    async with client_of(make_app(sample, checks=checks), None) as client:
        response = await client.get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (status, word)
    assert "password" not in response.text
    assert ("retry-after" in response.headers) == (status == 503)


async def test_being_alive_asks_nobody(sample: Sample) -> None:
    async def hang() -> bool:
        await asyncio.Event().wait()
        return True

    async with client_of(make_app(sample, checks=(Check("database", hang),)), None) as client:
        assert (await client.get("/health/live")).json() == {"status": "alive"}
