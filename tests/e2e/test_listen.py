"""`skooly webhooks listen`: what happens in Skooly arrives at a program on the developer's machine."""

import asyncio
import json
import os
import re
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from standardwebhooks import Webhook

from app.core.signing import Signer, read_secret, sign_body
from app.web.asyncapi import document
from tests.e2e.conftest import School
from tests.support.platform import CHECKOUT, clean_environment
from tests.support.receiver import Receiver, receiving, status

TOPICS = "wallet.topped_up"
MATRICULE = "2024/INF/0123"


class Listener:
    """The command in a process of its own; `begun` is the line with its secret."""

    def __init__(self, process: asyncio.subprocess.Process, begun: dict[str, Any]) -> None:
        self._process, self.begun = process, begun

    async def line(self) -> dict[str, Any]:
        """The next one."""
        assert self._process.stdout is not None
        raw = await asyncio.wait_for(self._process.stdout.readline(), 20)
        assert raw, "it has ended"
        return dict(json.loads(raw))

    async def stop(self) -> None:
        """As ctrl-C does."""
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()


Start = Callable[..., Awaitable[Listener]]


def command(url: str, forward_to: str, *words: str) -> list[str]:
    listen = [sys.executable, "-m", "app.cli", "webhooks", "listen", "--url", url, "--forward-to", forward_to]
    return [*listen, "--topics", TOPICS, "--json", *words]


@pytest.fixture
def environment(school: School, tmp_path: Path) -> dict[str, str]:
    return {**clean_environment(), "SKOOLY_API_KEY": school.keys["core"], "XDG_STATE_HOME": str(tmp_path)}


@pytest.fixture
async def start(school: School, environment: dict[str, str]) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def begin(forward_to: str, *words: str) -> Listener:
            process = await asyncio.create_subprocess_exec(
                *command(school.platform.url, forward_to, "--retry", "0.05,0.05", *words),
                cwd=CHECKOUT,
                env=environment,
                stdout=asyncio.subprocess.PIPE,
                limit=2**20,
            )
            listener = Listener(process, {})
            stack.push_async_callback(listener.stop)
            listener.begun = await listener.line()
            return listener

        yield begin


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def top_up(school: School, amount: str = "100") -> None:
    await asyncio.to_thread(school.top_up, MATRICULE, amount)


@asynccontextmanager
async def listening_at(port: int, *answers: bytes) -> AsyncIterator[list[bytes]]:
    """A program that starts late, on a port that was closed so far; after `answers` it answers well."""
    bodies: list[bytes] = []
    lines = [*answers]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        bodies.append(await reader.readexactly(length))
        line = lines.pop(0) if lines else b"204 Done"
        writer.write(b"HTTP/1.1 " + line + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield bodies
    finally:
        server.close()


async def test_an_event_arrives_as_a_webhook_would(school: School, start: Start, receiver: Receiver) -> None:
    listener = await start(receiver.url("/hook"))
    await top_up(school)
    shown = await listener.line()
    [got] = receiver.ledger
    assert (shown["topic"], shown["status"], shown["attempt"], shown["again_in"]) == (TOPICS, 200, 1, None)
    assert shown["webhook_id"] == got.webhook_id
    assert Webhook(listener.begun["secret"]).verify(got.body, got.headers) == got.event
    assert got.headers["x-skooly-signature"] == sign_body(Signer(read_secret(listener.begun["secret"])), got.body)
    contract = json.loads(document())
    at_message = {**contract, "$ref": f"#/components/messages/{TOPICS}/payload"}
    Draft202012Validator(at_message, validate_formats=True).validate(got.event)
    assert got.event["data"]["matricule"] == MATRICULE


async def test_a_thin_listener_gets_identifiers(school: School, start: Start, receiver: Receiver) -> None:
    await start(receiver.url("/thin"), "--thin")
    await top_up(school)
    while not receiver.ledger:
        await asyncio.sleep(0.01)
    assert set(receiver.ledger[0].event["data"]) == {"matricule", "provider", "reference"}


async def test_a_program_that_is_down_is_waited_for_and_misses_nothing(
    school: School, start: Start, unused_port: int
) -> None:
    listener = await start(f"http://127.0.0.1:{unused_port}/hook")
    await top_up(school, "101")
    await top_up(school, "102")
    for number in (1, 2, 3, 4):
        shown = await listener.line()
        assert (shown["attempt"], shown["outcome"], shown["again_in"]) == (number, "connect", 0.05)
    async with listening_at(unused_port) as bodies:
        while len(bodies) < 2:
            shown = await listener.line()
    assert [json.loads(body)["data"]["amount"] for body in bodies] == [101, 102]


async def test_waiting_for_a_program_takes_none_of_its_attempts(school: School, start: Start, unused_port: int) -> None:
    listener = await start(f"http://127.0.0.1:{unused_port}/hook")
    await top_up(school, "103")
    for _ in range(5):
        assert (await listener.line())["outcome"] == "connect"
    async with listening_at(unused_port, b"500 Not yet", b"500 Not yet"):
        answered = []
        while len(answered) < 3:
            shown = await listener.line()
            answered += [(shown["status"], shown["again_in"])] if shown["status"] else []
    assert answered == [(500, 0.05), (500, 0.05), (204, None)]


async def test_it_goes_on_where_it_stopped_with_the_same_secret(
    school: School, start: Start, receiver: Receiver
) -> None:
    first = await start(receiver.url("/hook"))
    await top_up(school, "201")
    await first.line()
    await first.stop()
    await top_up(school, "202")
    second = await start(receiver.url("/hook"))
    await second.line()
    assert [got.event["data"]["amount"] for got in receiver.ledger] == [201, 202]
    assert second.begun["secret"] == first.begun["secret"]
    await second.stop()
    await top_up(school, "203")
    third = await start(receiver.url("/hook"), "--from", "now")
    await top_up(school, "204")
    await third.line()
    assert receiver.ledger[-1].event["data"]["amount"] == 204


async def test_a_program_that_answers_wrongly_gets_the_next_event_in_the_end(
    school: School, start: Start, receiver: Receiver
) -> None:
    url = receiver.script(
        "/hook", status(500), status(302, location=receiver.url("/elsewhere")), status(500), status(200)
    )
    listener = await start(url)
    await top_up(school, "301")
    shown = [await listener.line() for _ in range(3)]
    assert [(each["status"], each["again_in"]) for each in shown] == [(500, 0.05), (302, 0.05), (500, None)]
    assert len(set(receiver.ids("/hook"))) == 1, "the same webhook-id over all attempts"
    await top_up(school, "302")
    assert (await listener.line())["status"] == 200
    assert receiver.at("/elsewhere") == []


async def test_a_secret_of_ones_own_signs(school: School, start: Start, receiver: Receiver) -> None:
    secret = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
    listener = await start(receiver.url("/own"), "--secret", secret)
    await top_up(school)
    await listener.line()
    assert Webhook(secret).verify(receiver.ledger[0].body, receiver.ledger[0].headers)


async def test_people_read_a_line_for_each_attempt(
    school: School, environment: dict[str, str], receiver: Receiver
) -> None:
    url = receiver.script("/hook", status(500), status(204))
    words = [word for word in command(school.platform.url, url, "--retry", "0.05") if word != "--json"]
    async with AsyncExitStack() as stack:
        process = await asyncio.create_subprocess_exec(
            *words, cwd=CHECKOUT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        listener = Listener(process, {})
        stack.push_async_callback(listener.stop)
        assert process.stdout is not None
        assert process.stderr is not None
        secret = (await process.stdout.readline()).decode().strip()
        await top_up(school)
        failed, done = [(await process.stdout.readline()).decode() for _ in range(2)]
        said = (await process.stderr.readline()).decode()
    assert len(read_secret(secret)) == 32
    assert url in said
    assert re.fullmatch(rf"\d\d:\d\d:\d\d  {TOPICS} +{MATRICULE} +500  \d+ ms  .* Again in 0.05 s\.\n", failed)
    assert re.fullmatch(rf"\d\d:\d\d:\d\d  {TOPICS} +{MATRICULE} +204  \d+ ms\n", done)


async def run(environment: dict[str, str], *words: str) -> tuple[int, str]:
    """(exit code, standard error) of a listener that ends by itself."""
    process = await asyncio.create_subprocess_exec(
        *words, cwd=CHECKOUT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, errors.decode()


async def test_what_cannot_work_is_said_at_once(school: School, environment: dict[str, str], unused_port: int) -> None:
    url, here = school.platform.url, "http://127.0.0.1:1025/hook"
    code, said = await run(environment, *command(f"http://127.0.0.1:{unused_port}", here))
    assert (code, "--url" in said, "Traceback" in said) == (os.EX_UNAVAILABLE, True, False)
    code, said = await run({**environment, "SKOOLY_API_KEY": "sk_live_nobody"}, *command(url, here))
    assert (code, "(UNAUTHENTICATED, status 401)" in said) == (1, True)
    assert "copied whole" in said, "the API's own words"
    assert "--key" in said
    assert "SKOOLY_API_KEY" in said
    canteen = {**environment, "SKOOLY_API_KEY": school.keys["cantine"]}
    code, said = await run(canteen, *command(url, here))
    assert (code, "events:read" in said) == (1, True)
    code, said = await run(environment, *command(url, "ftp://127.0.0.1/hook"))
    assert (code, "http" in said, "Traceback" in said) == (1, True, False)
    code, said = await run(environment, *command(url, here, "--topics", f"wallet.{uuid.uuid4().hex}"))
    assert (code, "No event is called" in said) == (1, True)
