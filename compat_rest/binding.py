"""How a request becomes variables: each variable of the operation is bound to one place, exactly once."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from graphql import ListTypeNode, NonNullTypeNode, OperationDefinitionNode, OperationType, VariableDefinitionNode

from compat_rest.directive import Rest
from compat_rest.mistakes import BrokenDocument

RESERVED = frozenset({"openapi.json", "docs", "problems"})
"""First segments the facade serves itself."""
_PLACEHOLDER = re.compile(r"\{([_A-Za-z][_0-9A-Za-z]*)\}")
_LITERAL = re.compile(r"[a-z0-9][a-z0-9._~-]*")


class Place(StrEnum):
    """Where a variable's value travels; the words are OpenAPI's."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Bound:
    """`name` is what the client writes: a placeholder, a query parameter, a header; the variable for a body."""

    place: Place
    name: str
    variable: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a path between slashes: a literal, or a placeholder that takes any one segment."""

    text: str
    placeholder: bool


@dataclass(frozen=True, slots=True)
class Binding:
    method: str
    path: str
    segments: tuple[Segment, ...]
    bound: tuple[Bound, ...]
    success: int
    statuses: dict[str, int]
    tag: str | None
    summary: str | None

    def at(self, place: Place) -> tuple[Bound, ...]:
        return tuple(each for each in self.bound if each.place is place)


def bind(rest: Rest, operation: OperationDefinitionNode) -> tuple[Binding | None, list[BrokenDocument]]:
    """The binding that `rest` describes, and every mistake in it (then there is no binding)."""
    segments, mistakes = _segments(rest)
    bound = tuple(_bounds(rest, segments))
    mistakes += [*_variables_bound_once(operation, bound), *_names_known(rest, operation, bound)]
    mistakes += [*_names_unique(rest, bound), *_path_variables(operation, bound), *_method_fits(rest, operation)]
    if mistakes:
        return None, mistakes
    return (
        Binding(rest.method, rest.path, segments, bound, rest.success, dict(rest.status), rest.tag, rest.summary),
        [],
    )


def _segments(rest: Rest) -> tuple[tuple[Segment, ...], list[BrokenDocument]]:
    if not rest.path.startswith("/"):
        return (), [rest.mistake("path", f"the path “{rest.path}” does not start with “/”")]
    segments, mistakes = [], []
    for text in rest.path[1:].split("/"):
        if placeholder := _PLACEHOLDER.fullmatch(text):
            segments.append(Segment(placeholder[1], placeholder=True))
        elif _LITERAL.fullmatch(text):
            segments.append(Segment(text, placeholder=False))
        else:
            reason = f"the path segment “{text}” is neither lower-case text nor one whole {{placeholder}}"
            mistakes.append(rest.mistake("path", reason))
    if segments and not segments[0].placeholder and segments[0].text in RESERVED:
        mistakes.append(rest.mistake("path", f"“/{segments[0].text}” is a path of the facade itself"))
    return tuple(segments), mistakes


def _bounds(rest: Rest, segments: tuple[Segment, ...]) -> Iterator[Bound]:
    for segment in segments:
        if segment.placeholder:
            yield Bound(Place.PATH, segment.text, segment.text)
    for name in rest.query:
        yield Bound(Place.QUERY, name, name)
    for header in rest.headers:
        yield Bound(Place.HEADER, header.name, header.variable)
    if rest.body is not None:
        yield Bound(Place.BODY, rest.body, rest.body)


def _definitions(operation: OperationDefinitionNode) -> dict[str, VariableDefinitionNode]:
    return {each.variable.name.value: each for each in operation.variable_definitions or ()}


def _variables_bound_once(operation: OperationDefinitionNode, bound: tuple[Bound, ...]) -> Iterator[BrokenDocument]:
    times = Counter(each.variable for each in bound)
    for name, definition in _definitions(operation).items():
        if times[name] == 0:
            yield BrokenDocument.at(definition, f"${name} is bound to no path, query, header or body")
        elif times[name] > 1:
            yield BrokenDocument.at(definition, f"${name} is bound {times[name]} times, it must be bound once")


def _names_known(rest: Rest, operation: OperationDefinitionNode, bound: tuple[Bound, ...]) -> Iterator[BrokenDocument]:
    arguments = {Place.PATH: "path", Place.QUERY: "query", Place.HEADER: "headers", Place.BODY: "body"}
    known = _definitions(operation)
    for each in bound:
        if each.variable not in known:
            reason = f"the {each.place} binds ${each.variable}, which the operation does not declare"
            yield rest.mistake(arguments[each.place], reason)


def _names_unique(rest: Rest, bound: tuple[Bound, ...]) -> Iterator[BrokenDocument]:
    headers = Counter(each.name.lower() for each in bound if each.place is Place.HEADER)
    for name, times in headers.items():
        if times > 1:
            yield rest.mistake("headers", f"the header “{name}” is named {times} times")


def _path_variables(operation: OperationDefinitionNode, bound: tuple[Bound, ...]) -> Iterator[BrokenDocument]:
    """A path always has its segments, each with one text."""
    known = _definitions(operation)
    for each in bound:
        definition = known.get(each.variable)
        if each.place is not Place.PATH or definition is None:
            continue
        required = isinstance(definition.type, NonNullTypeNode)
        inner = definition.type.type if isinstance(definition.type, NonNullTypeNode) else definition.type
        if isinstance(inner, ListTypeNode):
            yield BrokenDocument.at(definition, f"${each.variable} is a list, which a path cannot carry")
        elif not required or definition.default_value is not None:
            reason = f"${each.variable} is optional, but a path always carries it: make its type non-null"
            yield BrokenDocument.at(definition, reason)


def _method_fits(rest: Rest, operation: OperationDefinitionNode) -> Iterator[BrokenDocument]:
    if rest.method == "GET" and operation.operation is OperationType.MUTATION:
        yield rest.mistake("method", "a mutation cannot be reached with GET")
    if rest.method != "GET" and operation.operation is OperationType.QUERY:
        yield rest.mistake("method", f"a query is reached with GET, not {rest.method}")
    if rest.method in ("GET", "DELETE") and rest.body is not None:
        yield rest.mistake("body", f"{rest.method} carries no body")
