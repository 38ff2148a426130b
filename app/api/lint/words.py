"""Rules about names, descriptions and examples."""

import re
from collections.abc import Iterator

from graphql import GraphQLEnumType, GraphQLSchema, get_named_type, is_scalar_type

from app.api.lint.coordinates import Kind, coordinates

_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*")
_FIELD = re.compile(r"[a-z][A-Za-z0-9]*")
_VALUES = (re.compile(r"[A-Z][A-Z0-9_]*"), re.compile(r"[a-z][a-z0-9_]*"))
OPAQUE = frozenset({"cursor", "endCursor", "startCursor", "after", "before"})
"""Texts that only the server can make: an example would be refused."""
_WITH_TYPE = (Kind.FIELD, Kind.ARGUMENT, Kind.INPUT_FIELD)


def names(schema: GraphQLSchema) -> Iterator[str]:
    """Types in PascalCase, fields and arguments in camelCase, the values of an enum all upper or all lower case."""
    for each in coordinates(schema, Kind.TYPE):
        if not _TYPE.fullmatch(each.name):
            yield f"{each.where}: name the type in PascalCase"
        if isinstance(each.element, GraphQLEnumType):
            yield from _value_names(each.element)
    for each in coordinates(schema, *_WITH_TYPE):
        if not _FIELD.fullmatch(each.name):
            yield f"{each.where}: name it in camelCase"


def _value_names(enum: GraphQLEnumType) -> Iterator[str]:
    if not any(all(style.fullmatch(name) for name in enum.values) for style in _VALUES):
        yield f"{enum.name}: write its values all in UPPER_CASE, or all in lower_case where /v1 does (ADR 0005)"


def sentences(schema: GraphQLSchema) -> Iterator[str]:
    """A description is a sentence: it begins with a capital, a digit or code, and ends with a full stop."""
    for each in coordinates(schema):
        text = (each.element.description or "").strip()
        if text and not text.endswith("."):
            yield f"{each.where}: end the description with a full stop: “{text}”"
        if text and text[0].islower():
            yield f"{each.where}: begin the description with a capital: “{text}”"


def examples(schema: GraphQLSchema) -> Iterator[str]:
    """Whatever is a text, a number, a date or an identifier has an example; a Boolean or an enum speaks for itself."""
    for each in coordinates(schema, *_WITH_TYPE):
        leaf = get_named_type(each.element.type)
        if each.name in OPAQUE:
            continue
        if is_scalar_type(leaf) and leaf.name != "Boolean" and each.example is None:
            yield f"{each.where}: has no example: {_REMEDIES[each.kind]}"


_REMEDIES = {
    Kind.FIELD: "give scoped(…) an example that is not None",
    Kind.INPUT_FIELD: "give scoped(…) an example that is not None",
    Kind.ARGUMENT: 'takes(FORM, description=…, example=…), or strawberry.argument(…, metadata={"example": …})',
}
