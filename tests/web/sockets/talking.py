"""A client of `graphql-transport-ws` that says exactly what a test wants it to, over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 20
EVENTS = """subscription ($after: String, $topics: [String!]) { events(after: $after, topics: $topics) {
    __typename ... on Event { cursor topic data } ... on Checkpoint { cursor } ... on Gap { code oldestAvailable }
} }"""


class Served(Protocol):
    """`sockets` is the URL at which a server takes sockets."""

    sockets: str


class Talk:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, type: str, **more: Any) -> None:
        await self.connection.send(json.dumps({"type": type, **more}))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def open(self, payload: Mapping[str, Any] | None = None) -> None:
        await self.say("connection_init", **({} if payload is None else {"payload": payload}))
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, id: str = "1", query: str = EVENTS, **variables: Any) -> None:
        await self.say("subscribe", id=id, payload={"query": query, "variables": variables})

    async def begin(self, id: str = "1", **variables: Any) -> str:
        """Follows the log and returns the cursor of its first checkpoint."""
        await self.subscribe(id, **variables)
        return str((await self.envelope(id))["cursor"])

    async def envelope(self, id: str = "1") -> dict[str, Any]:
        message = await self.hear()
        assert (message["type"], message["id"]) == ("next", id), message
        shown: dict[str, Any] = message["payload"]["data"]["events"]
        return shown

    async def event(self, id: str = "1") -> dict[str, Any]:
        """The next one, without the checkpoints before it."""
        while (shown := await self.envelope(id))["__typename"] == "Checkpoint":
            pass
        return shown

    async def ended(self) -> tuple[int, dict[str, Any]]:
        """The code and reason of the close frame; what comes before it is passed over."""
        _, code, reason = await self.rest()
        return code, reason

    async def rest(self) -> tuple[list[dict[str, Any]], int, dict[str, Any]]:
        """What comes before the close frame, and its code and reason."""
        messages = []
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    messages.append(json.loads(await self.connection.recv()))
        except ConnectionClosed as closed:
            assert closed.rcvd is not None, closed
            reason = closed.rcvd.reason
            return messages, closed.rcvd.code, json.loads(reason) if reason.startswith("{") else {}


@asynccontextmanager
async def talking(
    server: Served, key: str | None = None, *, protocol: str | None = "graphql-transport-ws", **options: Any
) -> AsyncIterator[Talk]:
    """`key` goes into the header."""
    headers = {"X-API-KEY": key} if key else {}
    protocols: Any = [protocol] if protocol else None
    async with connect(
        server.sockets, subprotocols=protocols, additional_headers=headers, compression=None, proxy=None, **options
    ) as connection:
        yield Talk(connection)


@asynccontextmanager
async def opened(server: Served, key: str, **options: Any) -> AsyncIterator[Talk]:
    async with talking(server, key, **options) as talk:
        await talk.open()
        yield talk
