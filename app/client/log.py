"""The two requests that bring events: a page that may wait, and a stream."""

import json
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx

from app.client.errors import LogGap, Refused, Unreachable
from app.client.events import Event
from app.client.messages import lines, read_messages

WAIT_SECONDS = 25
PAGE = 100
SILENCE_SECONDS = 45.0
"""A stream says something every 15 seconds: after three times that the connection is lost."""
ASKED_AGAIN = frozenset({"KEY_CHANGED"})
"""Codes: what the key may read was changed while a page waited, and the next request is judged by what it is now."""
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor` goes on after `events`, also where there is none."""

    events: list[Event]
    cursor: str
    more: bool


class EventLog:
    """One school's log, as `key` may read it. Use it as a context, or close it."""

    def __init__(self, url: str, key: str, *, client: httpx.Client | None = None) -> None:
        self._client = client or httpx.Client(timeout=httpx.Timeout(10.0, read=SILENCE_SECONDS))
        self._url = url.rstrip("/")
        self._headers = {"X-API-KEY": key, "User-Agent": "skooly-client/1"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def page(self, after: str | None, topics: Collection[str] = (), *, wait: int = WAIT_SECONDS) -> Page:
        """The next events, or none after `wait` seconds. Without `after` it begins with the oldest that are kept.

        Raises Refused, LogGap and Unreachable.
        """
        asked: dict[str, int | str | list[str]] = {"first": PAGE, "wait": wait, **_place(after)}
        if topics:
            asked["topics"] = list(topics)
        with _named():
            answer = self._client.get(f"{self._url}/v1/events", params=asked, headers=self._headers)
            _check(answer)
            body = answer.json()
        return Page([Event.read(each) for each in body["events"]], body["cursor"], body["hasMore"])

    def stream(self, after: str | None, topics: Collection[str] = ()) -> Generator[Event | str]:
        """Events as they happen, and between them cursors that say how far the log was looked through.

        It ends when the server or the connection does: go on after the last cursor. Without `after` it begins now.
        Raises Refused, LogGap and Unreachable.
        """
        asked = {**_place(after), **({"topics": ",".join(topics)} if topics else {})}
        headers = {**self._headers, "Accept": "text/event-stream"}
        with (
            _named(),
            self._client.stream("GET", f"{self._url}/v1/events/stream", params=asked, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                answer.read()
                _check(answer)
            for message in read_messages(lines(answer.iter_bytes())):
                if message.name == "message":
                    yield Event.read(json.loads(message.data))
                elif message.name == "checkpoint":
                    yield str(json.loads(message.data)["cursor"])
                elif message.name == "gap":
                    raise LogGap(json.loads(message.data)["oldestAvailable"])


def _place(after: str | None) -> dict[str, str]:
    return {} if after is None else {"after": after}


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    problem = _problem(answer)
    if answer.status_code == 410 and "oldestAvailable" in problem:
        raise LogGap(problem["oldestAvailable"])
    if answer.status_code in TRANSIENT or problem.get("code") in ASKED_AGAIN:
        seconds = answer.headers.get("retry-after", "")
        raise Unreachable(f"the server answered {answer.status_code}", float(seconds) if seconds.isdigit() else None)
    raise Refused(answer.status_code, problem)


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
