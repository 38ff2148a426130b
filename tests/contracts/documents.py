"""For every coordinate of the schema, the smallest document that selects it: the raw material of the matrix."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping
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

Step = tuple[GraphQLObjectType | GraphQLInterfaceType, str]
Path = tuple[Step, ...]
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


def probes(schema: GraphQLSchema, arguments: Mapping[str, str], preferred: Collection[str]) -> Iterator[Probe]:
    """A probe for each root field, and one for each coordinate below them, by the shortest way there is.

    Below a `preferred` root field ("Query.student") where one leads there: a coordinate that a key may see is looked
    at through a field that the key may ask. Every way to each coordinate would be more than anybody can try.
    `arguments` gives the arguments of fields that need sensible ones: "Query.student" → '(matricule: "…")'.
    """
    ways: dict[str, tuple[str, Path]] = {}
    for kind, root, name in _roots(schema, preferred):
        yield _probe(kind, ((root, name),), arguments)
        for path in _ways_below(schema, (root, name)):
            ways.setdefault(_coordinate(*path[-1]), (kind, path))
    for kind, path in ways.values():
        yield _probe(kind, path, arguments)


def _roots(schema: GraphQLSchema, preferred: Collection[str]) -> list[tuple[str, GraphQLObjectType, str]]:
    """The preferred ones first."""
    roots = [
        ("query", schema.query_type),
        ("mutation", schema.mutation_type),
        ("subscription", schema.subscription_type),
    ]
    fields = [(kind, root, name) for kind, root in roots if root for name in root.fields]
    return sorted(fields, key=lambda field: _coordinate(field[1], field[2]) not in preferred)


def _ways_below(schema: GraphQLSchema, start: Step) -> Iterator[Path]:
    """Breadth first, each type once: the shortest way from a root field to every coordinate below it."""
    waiting, entered = deque([(start,)]), set()
    while waiting:
        path = waiting.popleft()
        parent, name = path[-1]
        for target in _objects(schema, get_named_type(parent.fields[name].type)):
            if target.name not in entered:
                entered.add(target.name)
                following = [(*path, (target, child)) for child in target.fields]
                yield from following
                waiting.extend(following)


def _coordinate(parent: GraphQLObjectType | GraphQLInterfaceType, name: str) -> str:
    return f"{parent.name}.{name}"


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
        given = arguments.get(_coordinate(parent, name)) or _required_arguments(field)
        text = f"{name}{given} {body}"
        text = f"{{ ... on {parent.name} {{ {text} }} }}" if place else f"{{ {text} }}"
    return Probe(f"{kind} Probe {text}", tuple(_coordinate(parent, name) for parent, name in path))


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
