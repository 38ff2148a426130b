"""What the last release promised its clients, and which of its promises the code no longer keeps.

`released/` holds the contract of the last release: the schema, who may read what in it, the OpenAPI document, and the
AsyncAPI document of events. It is written by `./skooly release` alone. Whoever must break a promise says so in a
decision (docs/adr), on a line

    Breaks: `Student.status`, `GET /students/{matricule}`, `wallet.low.v1`
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from graphql import build_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from app.web.asyncapi import compatibility as events
from app.web.generated import ASYNCAPI, OPENAPI, ROOT, SCHEMA, SCOPES
from compat_rest.compatibility import breaking_changes

RELEASED = ROOT / "released"
DECISIONS = ROOT / "docs" / "adr"
_VERSION = "VERSION"
_FILES = {"schema": SCHEMA, "scopes": SCOPES, "openapi": OPENAPI, "asyncapi": ASYNCAPI}

_KIND = re.compile(r"(An? (required|optional) (argument|field)|Argument|Field|Enum value) ")
_ENDPOINT = re.compile(r"[A-Z]+ [^\s:]+")
_OF_TOPIC = re.compile(r".+\.v[0-9]+(\.thin)?$")
_NEWER_VERSION = "A newer `version` of the topic, in the catalogue of events, may tell it so."
_EXCUSE = re.compile(r"^Breaks: (.+)$", re.MULTILINE)
_NAMED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Contract:
    """All that a client can rely on, as it is committed. `version` is empty for what is not released yet."""

    schema: str
    scopes: str
    openapi: str
    asyncapi: str
    version: str = ""

    @classmethod
    def committed(cls) -> Self:
        return cls(**{name: path.read_text(encoding="utf-8") for name, path in _FILES.items()})

    @classmethod
    def released(cls, folder: Path = RELEASED) -> Self | None:
        """That of the last release; None before the first."""
        if not (folder / _VERSION).exists():
            return None
        texts = {name: (folder / path.name).read_text(encoding="utf-8") for name, path in _FILES.items()}
        return cls(**texts, version=(folder / _VERSION).read_text().strip())

    def release(self, version: str, folder: Path = RELEASED) -> None:
        """Makes it the promise that later changes are held to."""
        folder.mkdir(exist_ok=True)
        for name, path in _FILES.items():
            (folder / path.name).write_text(getattr(self, name), encoding="utf-8")
        (folder / _VERSION).write_text(f"{version}\n")


@dataclass(frozen=True, slots=True)
class Change:
    """`coordinate` is what a decision has to name: `Student.status`, `GET /students/{matricule}`, `wallet.low.v1`."""

    coordinate: str
    description: str

    def __str__(self) -> str:
        return f"`{self.coordinate}`: {self.description}"


def broken(old: Contract, new: Contract) -> list[Change]:
    """Every promise of `old` that `new` does not keep."""
    return [*_fields(old, new), *_scopes(old, new), *_endpoints(old, new), *_events(old, new)]


def dangerous(old: Contract, new: Contract) -> list[Change]:
    """What a careless client may stumble over: a new value of an enum, a new member of a union, another default."""
    return list(_changes(find_dangerous_changes(build_schema(old.schema), build_schema(new.schema))))


def excused(decisions: Path = DECISIONS) -> frozenset[str]:
    """The coordinates that decisions name as broken."""
    texts = (page.read_text(encoding="utf-8") for page in decisions.glob("*.md"))
    return frozenset(name for text in texts for line in _EXCUSE.findall(text) for name in _NAMED.findall(line))


def _fields(old: Contract, new: Contract) -> Iterator[Change]:
    yield from _changes(find_breaking_changes(build_schema(old.schema), build_schema(new.schema)))


def _changes(found: Iterable[tuple[object, str]]) -> Iterator[Change]:
    for _, description in found:
        yield Change(_KIND.sub("", description, count=1).split()[0].rstrip("."), description)


def _scopes(old: Contract, new: Contract) -> Iterator[Change]:
    """A scope that opened a coordinate and opens it no longer breaks the keys that have it alone."""
    before, after = _opened(old.scopes), _opened(new.scopes)
    for coordinate in sorted(before.keys() & after.keys()):
        if after[coordinate] != {"any scope"} and (lost := before[coordinate] - after[coordinate]):
            yield Change(coordinate, f"{', '.join(sorted(lost))} opens it no longer.")


def _opened(snapshot: str) -> dict[str, set[str]]:
    lines = (line.partition(": ") for line in snapshot.splitlines())
    return {coordinate: set(scopes.split(" | ")) for coordinate, _, scopes in lines}


def _endpoints(old: Contract, new: Contract) -> Iterator[Change]:
    for description in breaking_changes(old.openapi.encode(), new.openapi.encode()):
        endpoint = _ENDPOINT.match(description)
        assert endpoint, description
        yield Change(endpoint[0], f"{description.removeprefix(endpoint[0]).lstrip(': ')}.")


def _events(old: Contract, new: Contract) -> Iterator[Change]:
    for description in events.breaking_changes(old.asyncapi.encode(), new.asyncapi.encode()):
        name, _, change = description.partition(": ")
        remedy = f" {_NEWER_VERSION}" if _OF_TOPIC.match(name) else ""
        yield Change(name, f"{change}.{remedy}")
