"""The web application over the sample schema, called in process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson

from app.core.actor import Actor
from app.domains.partners.errors import KeyUnknown
from app.web.application import Parts, build_app
from app.web.exchange import App
from app.web.health import Check
from tests.api.support import Sample, actor

KEY = "sk_live_sample"


class OneKey:
    """A keyring with one key that opens everything, and some that open a little: `sk_live_<scope>`."""

    async def authenticate(self, token: str, client_ip: str | None) -> Actor:
        if token == KEY:
            return actor()
        if token.startswith("sk_live_") and ":" in token:
            return actor(token.removeprefix("sk_live_"))
        raise KeyUnknown

    async def vouched(self, key_id: str, client_ip: str | None) -> Actor:
        raise KeyUnknown


class Lines:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def info(self, event: str, **facts: Any) -> None:
        self.lines.append({"event": event, **facts})


@asynccontextmanager
async def nothing(_: Any) -> AsyncIterator[dict[str, Any]]:
    yield {}


def make_app(sample: Sample, log: Lines | None = None, *, checks: Sequence[Check] = (), **options: Any) -> App:
    parts = Parts(
        preparer=sample.preparer,
        executor=sample.executor,
        keyring=OneKey(),
        checks=checks,
        lifespan=nothing,
        access_log=log or Lines(),
        **options,
    )
    return build_app(parts)


def client_of(app: App, key: str | None = KEY, **headers: str) -> httpx.AsyncClient:
    all_headers = headers if key is None else {"x-api-key": key, **headers}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),  # type: ignore[arg-type]
        base_url="http://school.test",
        headers=all_headers,
    )


async def ask(client: httpx.AsyncClient, query: str, accept: str | None = None, **more: Any) -> httpx.Response:
    headers = {"content-type": "application/json"} | ({"accept": accept} if accept else {})
    return await client.post("/graphql", content=orjson.dumps({"query": query, **more}), headers=headers)


def code_of(response: httpx.Response) -> str:
    body = response.json()
    code = body["errors"][0]["extensions"]["code"] if "errors" in body else body["code"]
    assert isinstance(code, str)
    return code
