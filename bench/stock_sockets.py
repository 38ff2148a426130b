"""Subscriptions as Strawberry's own ASGI application serves them, to compare with: `POST /fire` makes events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import strawberry
from strawberry.asgi import GraphQL

_listeners: set["asyncio.Queue[int]"] = set()


@strawberry.type
class Event:
    id: str
    cursor: str
    topic: str
    subject: str
    at: float


@strawberry.type
class Query:
    ok: bool = True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def events(self) -> AsyncIterator[Event]:
        queue: asyncio.Queue[int] = asyncio.Queue()
        _listeners.add(queue)
        try:
            yield Event(id="0", cursor="begin", topic="", subject="", at=0)
            while True:
                number = await queue.get()
                yield Event(id=str(number), cursor="c" * 60, topic="wallet.low", subject="s" * 36, at=0)
        finally:
            _listeners.discard(queue)


graphql: Any = GraphQL(strawberry.Schema(Query, subscription=Subscription))


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http" and scope["path"] == "/fire":
        count = json.loads((await receive())["body"])
        for number in range(count):
            for queue in _listeners:
                queue.put_nowait(number)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
    elif scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await graphql(scope, receive, send)


def make() -> Any:
    return app
