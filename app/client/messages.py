"""Server-Sent Events, line by line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """`name` is `message` unless the server names it; `data` is what the lines held, without the last line break."""

    name: str
    data: str


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Split at line feeds alone: U+2028 and the like may stand in a text of JSON, where Python would split too."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode()


def read_messages(given: Iterable[str]) -> Iterator[Message]:
    """Passes over comments, ids (events tell their cursor themselves) and a message that breaks off."""
    name, data = "message", list[str]()
    for line in given:
        if not line:
            if data or name != "message":
                yield Message(name, "\n".join(data))
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
