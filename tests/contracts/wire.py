"""Requests byte by byte, for what no HTTP client would send; and what an answer to nonsense must be like."""

import contextlib
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

PATIENCE = 5.0
"""Seconds in which anything is answered."""
LEAKS = ("Traceback", "asyncpg", "sqlalchemy", "SELECT ", "INSERT ", "site-packages", "/app/", "sk_live_", "Error(")
"""What belongs to the inside: code, SQL, keys."""
Headers = Mapping[str, str | bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by name in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Wire:
    """Each request goes over a connection of its own, which the server closes afterwards."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._address = (parts.hostname, parts.port)

    def ask(self, method: str, target: str | bytes, headers: Headers | None = None, body: bytes = b"") -> Answer:
        """The one answer; fails the test where there is none in time."""
        given = {"Host": "x", "Connection": "close", **(headers or {})}
        if body and "Transfer-Encoding" not in given:
            given.setdefault("Content-Length", str(len(body)))
        [answer] = self.say([head(method, target, given.items()) + body], heads=method == "HEAD")
        return answer

    def say(self, pieces: Iterable[bytes], *, leave: bool = False, heads: bool = False) -> list[Answer]:
        """All answers until the server closes. `leave`: the client says that it has nothing more to say."""
        began = time.monotonic()
        with socket.create_connection(self._address, timeout=PATIENCE) as connection:
            received = _exchange(connection, pieces, leave=leave)
        assert time.monotonic() - began < PATIENCE
        return list(_answers(received, heads=heads))


def head(method: str, target: str | bytes, headers: Iterable[tuple[str, str | bytes]]) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (method.encode(), _bytes(target))]
    lines += [b"%s: %s" % (name.encode(), _bytes(value)) for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def _exchange(connection: socket.socket, pieces: Iterable[bytes], *, leave: bool) -> bytes:
    """A server that has answered already may cut off what is still being sent: the answer counts."""
    received = bytearray()
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            connection.sendall(piece)
    if leave:
        with contextlib.suppress(OSError):  # not connected any more
            connection.shutdown(socket.SHUT_WR)
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            received += part
    return bytes(received)


def _answers(received: bytes, *, heads: bool) -> Iterable[Answer]:
    while received:
        top, _, rest = received.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        length = 0 if heads or status in (204, 304) else int(headers.get("content-length", "0"))
        if status != 100:
            yield Answer(status, headers, rest[:length])
        received = rest[length:]


def refusal(answer: Answer) -> tuple[int, str]:
    """(status, code) of a problem, once it is found to be complete and to show nothing of the inside."""
    assert answer.headers["content-type"] == "application/problem+json", answer
    problem = answer.json
    assert problem.keys() >= {"type", "title", "status", "detail", "code", "requestId"}, problem
    assert problem["status"] == answer.status
    assert problem["type"] == "/v1/problems/" + problem["code"].lower().replace("_", "-")
    assert len(problem["detail"]) > len("Erreur"), problem
    assert_discreet(answer)
    return answer.status, problem["code"]


def assert_discreet(answer: Answer) -> None:
    assert answer.status < 500, answer
    text = answer.body.decode()
    assert not [leak for leak in LEAKS if leak in text], text
