"""The log of a school as any partner reads it: over HTTP, with a key, from a cursor on."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from app.cli.listen.errors import ApiRefused, ApiSilent, LogMoved

WAIT = 25
"""Seconds that the API is asked to wait for something to happen."""
PAGE = 100
PATIENCE = 5.0
"""Seconds between two tries while the API does not answer."""
OWN = ("localhost", "127.0.0.1", "::1")
KEY = "Give a key with --key, or better in the environment variable SKOOLY_API_KEY."
WHO = "{ viewer { partner school { code } } }"


@dataclass(frozen=True, slots=True)
class Page:
    """Events as `GET /v1/events` shows them, and where the log goes on."""

    events: Sequence[Mapping[str, Any]]
    cursor: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Who the key belongs to."""

    partner: str
    school: str


class Log:
    """Use it as a context. `waiting` is told, once for each time, that the API has stopped answering."""

    def __init__(self, url: str, key: str, topics: Sequence[str], waiting: Callable[[str], None]) -> None:
        self._url, self._topics, self._waiting = url, topics, waiting
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"X-API-KEY": key, "Accept-Language": "en"},
            timeout=WAIT + 10,
            trust_env=urlsplit(url).hostname not in OWN,
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def reader(self) -> Reader:
        """Raises ApiSilent, and ApiRefused for a key that opens nothing or belongs to no school."""
        try:
            answer = _read(await self._client.post("/graphql", json={"query": WHO}))
        except httpx.TransportError as error:
            raise ApiSilent(
                f"Nothing answers at {self._url} ({type(error).__name__}). Is it the right --url, and does it run?"
            ) from error
        viewer = answer["data"]["viewer"]
        if viewer["school"] is None:
            raise ApiRefused("This key belongs to no school. Listening needs one with the scope events:read.")
        return Reader(viewer["partner"], viewer["school"]["code"])

    async def newest(self) -> str:
        """The cursor after all that has happened. Raises ApiRefused."""
        return (await self._ask(fromNow="true")).cursor

    async def next(self, after: str) -> Page:
        """What comes after a cursor, or after WAIT seconds nothing; "" is before the oldest event.

        Keeps trying while the API does not answer. Raises ApiRefused, LogMoved.
        """
        return await self._ask(first=str(PAGE), wait=str(WAIT), **({"after": after} if after else {}))

    async def _ask(self, **parameters: str) -> Page:
        asked = {**parameters, "topics": list(self._topics)}
        told = False
        while True:
            try:
                response = await self._client.get("/v1/events", params=asked)
            except httpx.TransportError as error:
                reason = type(error).__name__
            else:
                if response.status_code != 429 and response.status_code < 500:
                    answer = _read(response)
                    return Page(answer["events"], answer["cursor"])
                reason = f"status {response.status_code}"
            if not told:
                self._waiting(reason)
            told = True
            await asyncio.sleep(PATIENCE)


def _read(response: httpx.Response) -> Any:
    """The body. Raises ApiRefused in the API's own words, and LogMoved."""
    body: Any = response.json() if "json" in response.headers.get("content-type", "") else {}
    if response.status_code == httpx.codes.GONE:
        raise LogMoved(
            "What came next is no longer kept, or the server was restored. Read how things stand over the API, then "
            "start again with --from now or --from oldest."
        )
    if response.is_error:
        raise ApiRefused(_refusal(response.status_code, body))
    if "errors" in body:
        raise ApiRefused(body["errors"][0]["message"])
    return body


def _refusal(status: int, body: Mapping[str, Any]) -> str:
    """The API's own words and code, as REST or GraphQL gives them, and what to do about a key that is refused."""
    error: Mapping[str, Any] = next(iter(body.get("errors", ())), {})
    words = body.get("detail") or error.get("message") or "The API refuses."
    code = body.get("code") or error.get("extensions", {}).get("code")
    told = f"{words} ({f'{code}, ' if code else ''}status {status})"
    return f"{told}\n{KEY}" if status == httpx.codes.UNAUTHORIZED else told
