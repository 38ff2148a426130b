"""The `@rest` directive: read from an operation, then taken away before the operation meets the schema.

query CheckAccess($nfc: String!, $zone: String!)
@rest(method: GET, path: "/access-control/check", query: ["nfc", "zone"],
      status: [{type: "AccessDenied", code: 403}]) { … }
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    EnumValueNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
)

from compat_rest.mistakes import BrokenDocument

NAME = "rest"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TAKEN_HEADERS = frozenset(
    [
        "accept",
        "accept-encoding",
        "accept-language",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "if-match",
        "if-none-match",
        "range",
        "te",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-api-key",
        "x-request-id",
    ]
)


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    variable: str


@dataclass(slots=True)
class Rest:
    """The directive's arguments as written. `node` and `places` say where, for whoever finds fault with them."""

    node: DirectiveNode
    method: str = ""
    path: str = ""
    query: tuple[str, ...] = ()
    headers: tuple[Header, ...] = ()
    body: str | None = None
    success: int = 200
    status: tuple[tuple[str, int], ...] = ()
    tag: str | None = None
    summary: str | None = None
    places: dict[str, ArgumentNode] = field(default_factory=dict)

    def mistake(self, argument: str, reason: str) -> BrokenDocument:
        return BrokenDocument.at(self.places.get(argument, self.node), reason)


def read(operation: OperationDefinitionNode) -> tuple[Rest | None, list[BrokenDocument]]:
    """The operation's `@rest` and what is wrong with it; no `Rest` where it cannot be used at all."""
    found = [each for each in operation.directives or () if each.name.value == NAME]
    if len(found) != 1:
        count = "no" if not found else "more than one"
        return None, [BrokenDocument.at(operation, f"the operation carries {count} @rest directive")]
    rest = Rest(found[0])
    mistakes = [mistake for argument in rest.node.arguments or () for mistake in _take(rest, argument)]
    lacking = [each for each in ("method", "path") if each not in rest.places]
    mistakes += [BrokenDocument.at(rest.node, f"@rest needs the argument “{each}”") for each in lacking]
    return (None if mistakes else rest), mistakes


def strip(operation: OperationDefinitionNode) -> OperationDefinitionNode:
    """The operation as the schema knows it."""
    return replace(operation, directives=tuple(each for each in operation.directives or () if each.name.value != NAME))


class _Wrong(Exception):
    """An argument's value has not the form it needs; the text is the reason."""


def _take(rest: Rest, argument: ArgumentNode) -> Iterator[BrokenDocument]:
    name = argument.name.value
    reader = _READERS.get(name)
    if reader is None:
        known = ", ".join(_READERS)
        yield BrokenDocument.at(argument, f"@rest has no argument “{name}” (it has {known})")
    elif name in rest.places:
        yield BrokenDocument.at(argument, f"@rest has the argument “{name}” twice")
    else:
        rest.places[name] = argument
        try:
            setattr(rest, name, reader(argument.value))
        except _Wrong as wrong:
            yield BrokenDocument.at(argument, f"@rest({name}:) {wrong}")


def _method(node: ValueNode) -> str:
    if not isinstance(node, EnumValueNode) or node.value not in METHODS:
        raise _Wrong(f"must be one of {', '.join(METHODS)}")
    return node.value


def _text(node: ValueNode) -> str:
    if not isinstance(node, StringValueNode) or not node.value.strip():
        raise _Wrong("must be a text")
    return node.value


def _number(node: ValueNode) -> int:
    if not isinstance(node, IntValueNode):
        raise _Wrong("must be a whole number")
    return int(node.value)


def _success(node: ValueNode) -> int:
    code = _number(node)
    if not 200 <= code <= 299 or code in (204, 205, 206):
        raise _Wrong(f"is {code}; success is a 2xx that carries an answer")
    return code


def _list(node: ValueNode) -> tuple[ValueNode, ...]:
    if not isinstance(node, ListValueNode):
        raise _Wrong("must be a list")
    return tuple(node.values)


def _object(node: ValueNode, **readers: Callable[[ValueNode], Any]) -> tuple[Any, ...]:
    """The object's values in the order of `readers`: exactly these keys."""
    wanted = ", ".join(readers)
    if not isinstance(node, ObjectValueNode):
        raise _Wrong(f"must be a list of objects with {wanted}")
    given = {each.name.value: each.value for each in node.fields}
    if given.keys() != readers.keys() or len(given) != len(node.fields):
        raise _Wrong(f"needs exactly {wanted} in each object")
    return tuple(reader(given[key]) for key, reader in readers.items())


def _query(node: ValueNode) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(node))


def _headers(node: ValueNode) -> tuple[Header, ...]:
    return tuple(Header(*_object(each, name=_header_name, variable=_text)) for each in _list(node))


def _header_name(node: ValueNode) -> str:
    name = _text(node)
    if not _TOKEN.fullmatch(name):
        raise _Wrong(f"names “{name}”, which is not a valid header name")
    if name.lower() in _TAKEN_HEADERS:
        raise _Wrong(f"names “{name}”, which HTTP or the facade itself uses")
    return name


def _statuses(node: ValueNode) -> tuple[tuple[str, int], ...]:
    entries = tuple(_object(each, type=_text, code=_number) for each in _list(node))
    for name, code in entries:
        if not 200 <= code <= 599:
            raise _Wrong(f"gives {name} the status {code}, which is outside 200–599")
    if len({name for name, _ in entries}) != len(entries):
        raise _Wrong("names a type twice")
    return tuple((name, code) for name, code in entries)


_READERS: dict[str, Callable[[ValueNode], Any]] = {
    "method": _method,
    "path": _text,
    "query": _query,
    "headers": _headers,
    "body": _text,
    "success": _success,
    "status": _statuses,
    "tag": _text,
    "summary": _text,
}
