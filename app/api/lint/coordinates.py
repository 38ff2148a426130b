"""A walk over everything a schema names: `Student`, `Student.matricule`, `Query.students(first:)`, `Status.active`."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)


class Kind(Enum):
    TYPE = auto()
    FIELD = auto()
    ARGUMENT = auto()
    INPUT_FIELD = auto()
    ENUM_VALUE = auto()


@dataclass(frozen=True, slots=True)
class Coordinate:
    """`element` is what graphql-core holds there: it has `description`, and `type` unless it is a type or a value."""

    where: str
    name: str
    kind: Kind
    element: Any

    @property
    def example(self) -> object:
        """The `example` of its definition; None where there is none."""
        metadata = getattr((self.element.extensions or {}).get("strawberry-definition"), "metadata", None) or {}
        return metadata.get("skooly", metadata).get("example")


def coordinates(schema: GraphQLSchema, *kinds: Kind) -> Iterator[Coordinate]:
    """Those of the named kinds, all without one; neither introspection nor GraphQL's own scalars."""
    for graphql_type in schema.type_map.values():
        if not is_introspection_type(graphql_type) and not is_specified_scalar_type(graphql_type):
            for each in _of_type(graphql_type):
                if not kinds or each.kind in kinds:
                    yield each


def _of_type(graphql_type: GraphQLNamedType) -> Iterator[Coordinate]:
    where = graphql_type.name
    yield Coordinate(where, where, Kind.TYPE, graphql_type)
    if isinstance(graphql_type, GraphQLEnumType):
        for name, value in graphql_type.values.items():
            yield Coordinate(f"{where}.{name}", name, Kind.ENUM_VALUE, value)
    elif isinstance(graphql_type, GraphQLInputObjectType):
        for name, given in graphql_type.fields.items():
            yield Coordinate(f"{where}.{name}", name, Kind.INPUT_FIELD, given)
    elif isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in graphql_type.fields.items():
            yield Coordinate(f"{where}.{name}", name, Kind.FIELD, field)
            for argument_name, argument in field.args.items():
                yield Coordinate(f"{where}.{name}({argument_name}:)", argument_name, Kind.ARGUMENT, argument)
