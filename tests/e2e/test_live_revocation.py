"""Sockets and streams of a key that is revoked, with Valkey stopped: quiet, not gone, which is the harder case."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.conftest import School
from tests.e2e.skooly import skooly


@pytest.fixture
def quiet_valkey(school: School) -> Iterator[None]:
    [valkey] = school.platform.children("valkey-server")
    os.kill(valkey, signal.SIGSTOP)
    yield
    os.kill(valkey, signal.SIGCONT)


@pytest.mark.usefixtures("quiet_valkey")
async def test_both_are_closed_by_the_revocation(school: School) -> None:
    words = ["--school", "DEMO", "--partner", "Flux éphémère", "--preset", "moodle"]
    key = (await asyncio.to_thread(skooly, school, "keys", "issue", *words))["key"]
    url = school.platform.url.replace("http", "ws") + "/graphql"
    async with (
        connect(url, subprotocols=["graphql-transport-ws"], proxy=None) as socket,  # type: ignore[list-item]
        httpx.AsyncClient(base_url=school.platform.url, trust_env=False, timeout=30) as client,
        client.stream("GET", "/v1/events/stream", headers={"X-API-KEY": key}) as stream,
    ):
        assert stream.status_code == 200
        await socket.send(json.dumps({"type": "connection_init", "payload": {"X-API-KEY": key}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        ended = asyncio.gather(_ended(socket), _lines(stream))
        await asyncio.to_thread(skooly, school, "keys", "revoke", key.split("_")[2])
        async with asyncio.timeout(20):
            (code, reason), lines = await ended
        again = await client.get("/v1/events/stream", headers={"X-API-KEY": key})
    assert (code, reason) == (4403, {"code": "KEY_REVOKED"})
    assert "event: closing" in lines
    assert again.status_code == 401


async def _ended(socket: object) -> tuple[int, dict[str, str]]:
    try:
        while True:
            await socket.recv()  # type: ignore[attr-defined]
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return closed.rcvd.code, json.loads(closed.rcvd.reason)


async def _lines(stream: httpx.Response) -> list[str]:
    return [line async for line in stream.aiter_lines()]
