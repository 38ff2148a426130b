"""For every coordinate of the schema, the smallest document that selects it: the raw material of the matrix."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

Path = tuple[tuple[GraphQLObjectType | GraphQLInterfaceType, str], ...]
SCALARS = {"String": '"X"', "ID": '"X"', "Int": "1", "Boolean": "true", "Date": '"2024-12-31"'}
SCALARS |= {"DateTime": '"2025-01-13T08:00:00Z"', "Decimal": '"1"', "UUID": '"0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"'}


@dataclass(frozen=True)
class Probe:
    """`coordinates` are all that the document selects; the last one is what it is for."""

    document: str
    coordinates: tuple[str, ...]

    @property
    def target(self) -> str:
        return self.coordinates[-1]

    @property
    def root(self) -> str:
        return self.coordinates[0]


def probes(schema: GraphQLSchema, arguments: Mapping[str, str]) -> Iterator[Probe]:
    """One probe per coordinate of an object or interface, for each root field that leads to it.

    `arguments` gives the arguments of root fields that need sensible ones: "Query.student" → '(matricule: "…")'.
    """
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        if root is None:
            continue
        for name in root.fields:
            for path in _paths(schema, ((root, name),)):
                yield _probe(kind, path, arguments)


def _paths(schema: GraphQLSchema, path: Path) -> Iterator[Path]:
    yield path
    parent, name = path[-1]
    target = get_named_type(parent.fields[name].type)
    for object_type in _objects(schema, target):
        if any(object_type is seen for seen, _ in path):
            continue
        for child in object_type.fields:
            yield from _paths(schema, (*path, (object_type, child)))


def _objects(schema: GraphQLSchema, named: GraphQLNamedType) -> list[GraphQLObjectType | GraphQLInterfaceType]:
    if isinstance(named, GraphQLUnionType):
        return list(named.types)
    if isinstance(named, GraphQLInterfaceType):
        return [named, *schema.get_possible_types(named)]
    return [named] if isinstance(named, GraphQLObjectType) else []


def _probe(kind: str, path: Path, arguments: Mapping[str, str]) -> Probe:
    text = ""
    for place, (parent, name) in reversed(list(enumerate(path))):
        field = parent.fields[name]
        leaf = is_leaf_type(get_named_type(field.type))
        body = text or ("" if leaf else "{ __typename }")
        given = arguments.get(f"{parent.name}.{name}") or _required_arguments(field)
        text = f"{name}{given} {body}"
        text = f"{{ ... on {parent.name} {{ {text} }} }}" if place else f"{{ {text} }}"
    return Probe(f"{kind} Probe {text}", tuple(f"{parent.name}.{name}" for parent, name in path))


def _required_arguments(field: GraphQLField) -> str:
    given = [f"{name}: {_literal(each)}" for name, each in field.args.items() if is_required_argument(each)]
    return f"({', '.join(given)})" if given else ""


def _literal(argument: GraphQLArgument) -> str:
    return _value(argument.type)


def _value(wanted: object) -> str:
    if is_non_null_type(wanted):
        assert isinstance(wanted, GraphQLNonNull)
        return _value(wanted.of_type)
    if is_list_type(wanted):
        return "[]"
    if isinstance(wanted, GraphQLEnumType):
        return next(iter(wanted.values))
    if isinstance(wanted, GraphQLInputObjectType):
        required = {name: field for name, field in wanted.fields.items() if is_required_input_field(field)}
        return "{" + ", ".join(f"{name}: {_value(field.type)}" for name, field in required.items()) + "}"
    return SCALARS[wanted.name]  # type: ignore[attr-defined]
