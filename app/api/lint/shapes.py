"""Rules about types: what connections, mutations, inputs, lists and instants look like."""

import re
from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from app.api.lint.coordinates import Kind, coordinates

FAILURE = "Failure"
INVALID_INPUT = "InvalidInput"
KEY_ARGUMENT = "idempotencyKey"
CREATING = re.compile(r"(record|create|issue|enrol|assign|topUp|open|send|import|add|redeliver|replay|rotate)(?![a-z])")
"""Verbs that make something: doing them twice would make two."""
_INSTANT_NAME = re.compile(r".*[a-z0-9]At")
_DAY_NAME = re.compile(r".*[a-z0-9]On")


def inputs(schema: GraphQLSchema) -> Iterator[str]:
    """Input types end in Input, and nothing else does but the failure of that name."""
    for each in coordinates(schema, Kind.TYPE):
        is_input = isinstance(each.element, GraphQLInputObjectType)
        if each.name != INVALID_INPUT and is_input != each.name.endswith("Input"):
            yield f"{each.where}: {'end its name in Input' if is_input else 'only input types end in Input'}"


def lists(schema: GraphQLSchema) -> Iterator[str]:
    """A list is never null and holds no null: an empty one says the same."""
    for each in coordinates(schema, Kind.FIELD):
        inner = get_nullable_type(each.element.type)
        if is_list_type(inner) and not (is_non_null_type(each.element.type) and is_non_null_type(inner.of_type)):
            yield f"{each.where}: make it [{get_named_type(inner)}!]!, an empty list where there is nothing"


def booleans(schema: GraphQLSchema) -> Iterator[str]:
    """A Boolean in an answer is true or false, and an `id` is always there."""
    for each in coordinates(schema, Kind.FIELD):
        nullable = not is_non_null_type(each.element.type)
        if nullable and get_named_type(each.element.type).name == "Boolean":
            yield f"{each.where}: make it Boolean!; a third answer deserves an enum"
        if nullable and each.name == "id":
            yield f"{each.where}: make it non-null"


def times(schema: GraphQLSchema) -> Iterator[str]:
    """`…At` is an instant, `…On` is a day, and an instant is called `…At`."""
    for each in coordinates(schema, Kind.FIELD, Kind.INPUT_FIELD, Kind.ARGUMENT):
        kind = get_named_type(each.element.type).name
        if _INSTANT_NAME.fullmatch(each.name) and kind != "DateTime":
            yield f"{each.where}: …At names an instant, DateTime; this is {kind}"
        if _DAY_NAME.fullmatch(each.name) and kind != "Date":
            yield f"{each.where}: …On names a day, Date; this is {kind}"
        if kind == "DateTime" and each.kind is Kind.FIELD and not _INSTANT_NAME.fullmatch(each.name):
            yield f"{each.where}: call an instant …At"


def connections(schema: GraphQLSchema) -> Iterator[str]:
    """`XConnection` has edges, nodes and pageInfo, `XEdge` a cursor and a node; who gives one takes first and after."""
    for each in coordinates(schema, Kind.TYPE):
        if isinstance(each.element, GraphQLObjectType) and each.name.endswith("Connection"):
            stem = each.name.removesuffix("Connection")
            wanted = {"edges": f"[{stem}Edge!]!", "nodes": None, "pageInfo": "PageInfo!"}
            yield from _shape(each.element, wanted)
        if isinstance(each.element, GraphQLObjectType) and each.name.endswith("Edge"):
            yield from _shape(each.element, {"cursor": "String!", "node": None})
    for each in coordinates(schema, Kind.FIELD):
        if get_named_type(each.element.type).name.endswith("Connection"):
            yield from _page_arguments(each.where, each.element)


def _shape(graphql_type: GraphQLObjectType, wanted: dict[str, str | None]) -> Iterator[str]:
    for name, type_ in wanted.items():
        if name not in graphql_type.fields:
            yield f"{graphql_type.name}: lacks the field {name}"
        elif type_ is not None and str(graphql_type.fields[name].type) != type_:
            yield f"{graphql_type.name}.{name}: has to be {type_}, is {graphql_type.fields[name].type}"


def _page_arguments(where: str, field: GraphQLField) -> Iterator[str]:
    for name, type_ in (("first", "Int!"), ("after", "String")):
        if name not in field.args:
            yield f"{where}: gives a connection and lacks the argument {name}: take First and After"
        elif str(field.args[name].type) != type_:
            yield f"{where}({name}:): has to be {type_}, is {field.args[name].type}"


def mutations(schema: GraphQLSchema) -> Iterator[str]:
    """`doThing` gives `DoThingResult!`, a union of what was done and of failures; its input is a `DoThingInput`."""
    for name, field in (schema.mutation_type.fields if schema.mutation_type else {}).items():
        where = f"Mutation.{name}"
        yield from _result(where, name, field)
        yield from _given(where, name, field)


def _result(where: str, name: str, field: GraphQLField) -> Iterator[str]:
    wanted = f"{_pascal(name)}Result!"
    union = get_named_type(field.type)
    if str(field.type) != wanted or not isinstance(union, GraphQLUnionType):
        yield f"{where}: has to give {wanted}, a union of what was done and its failures; gives {field.type}"
        return
    failing = [FAILURE in {each.name for each in member.interfaces} for member in union.types]
    if failing.count(False) != 1:
        done = [member.name for member, fails in zip(union.types, failing, strict=True) if not fails]
        told = ", ".join(done) or "all of them fail"
        yield f"{union.name}: one member says what was done, the others implement {FAILURE}; here: {told}"
    if not any(failing):
        yield f"{union.name}: name what can go wrong: at least one member implements {FAILURE}"


def _given(where: str, name: str, field: GraphQLField) -> Iterator[str]:
    for argument_name, argument in field.args.items():
        kind = get_named_type(argument.type)
        if isinstance(kind, GraphQLInputObjectType) and (argument_name, kind.name) != (
            "input",
            f"{_pascal(name)}Input",
        ):
            yield f"{where}({argument_name}:): name it input: {_pascal(name)}Input!"
    if CREATING.match(name) and str(getattr(field.args.get(KEY_ARGUMENT), "type", None)) != "String":
        yield f"{where}: makes something and takes no {KEY_ARGUMENT}: String"


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]
