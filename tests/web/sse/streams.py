"""A client of event streams that keeps everything it is sent, over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.serving import Serving

PATIENCE = 20


@dataclass
class Message:
    """`id`, `event` and `data` as EventSource has them; the comments before it."""

    event: str = "message"
    data: str = ""
    id: str | None = None
    comments: list[str] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class Listener:
    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def hear(self) -> Message | None:
        """The next message, also one that is only comments; None at the end."""
        message, any_line = Message(), False
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if not line and any_line:
                    return message
                any_line = True
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "":
                    message.comments.append(value)
                elif name in ("event", "data", "id"):
                    setattr(message, name, value)
        return None

    async def told(self) -> Message:
        """The next message with data, or `complete`."""
        while (message := await self.hear()) is not None:
            if message.data or message.event != "message":
                return message
        raise AssertionError("the stream has ended")

    async def event(self) -> Message:
        """The next event of a subscription to the log over GraphQL, without the checkpoints before it."""
        while (message := await self.told()).json["data"]["events"]["__typename"] != "Event":
            pass
        return message

    async def rest(self) -> list[Message]:
        messages = []
        while (message := await self.hear()) is not None:
            messages.append(message)
        return messages


@asynccontextmanager
async def listening(
    server: Serving, key: str | None, path: str = "/graphql", *, method: str = "POST", **options: Any
) -> AsyncIterator[Listener]:
    headers = {"accept": "text/event-stream", **({"x-api-key": key} if key else {}), **options.pop("headers", {})}
    async with (
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=PATIENCE) as client,
        client.stream(method, path, headers=headers, **options) as response,
    ):
        yield Listener(response)


def following(query: str, **variables: Any) -> dict[str, Any]:
    return {"json": {"query": query, "variables": variables}}
