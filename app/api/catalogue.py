"""What the schema declares about each coordinate: its scopes, its cost, whether it shows personal data.

Built once, at start-up; a schema that leaves anything undeclared is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)

from app.core.graph.scoped import METADATA_KEY
from app.core.scopes import Scope

FieldsType = GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType
Scopes = frozenset[str]
EVERY_SCOPE: Scopes = frozenset(str(scope) for scope in Scope)
_DEFINITION = "strawberry-definition"
_GIVEN_BY_TYPE = frozenset({"Node"})
"""Interfaces of which a key is only given objects whose own type it may read."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`scopes`: any one of them opens the field. `size`: the items a list without `first` is assumed to hold;
    `sized_by`: the list argument that a list has an item for each of."""

    scopes: Scopes
    cost: int = 0
    size: int | None = None
    sized_by: str | None = None
    personal: bool = False
    waits: int = 0
    example: object = None


class SchemaRefused(Exception):
    """The schema leaves something undeclared; every fault names its coordinate and its remedy."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("The schema is refused:\n" + "\n".join(f"  {fault}" for fault in faults))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The rules by coordinate: `Student.matricule`, `RecordAbsenceInput.date`, `Query.student`."""

    rules: Mapping[str, Rule]

    def rule(self, type_name: str, field_name: str) -> Rule:
        return self.rules[f"{type_name}.{field_name}"]


def build_catalogue(schema: GraphQLSchema) -> Catalogue:
    """Raises SchemaRefused, with every fault at once."""
    faults = [*_undeclared(schema), *_undescribed(schema)]
    if not faults:
        catalogue = Catalogue({where: _declared_rule(field) for where, field in _fields(schema)})
        faults = list(_narrower_than_interface(schema, catalogue))
    if faults:
        raise SchemaRefused(faults)
    return catalogue


def scope_snapshot(catalogue: Catalogue) -> str:
    """One line per coordinate, sorted: a change of who may read what shows in review."""
    return "".join(f"{where}: {_shown(rule.scopes)}\n" for where, rule in sorted(catalogue.rules.items()))


def _shown(scopes: Scopes) -> str:
    return "any scope" if scopes == EVERY_SCOPE else " | ".join(sorted(scopes))


def own_types(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    """The types of the schema that are neither introspection nor GraphQL's own scalars."""
    for graphql_type in schema.type_map.values():
        if not is_introspection_type(graphql_type) and not is_specified_scalar_type(graphql_type):
            yield graphql_type


def _fields(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField | GraphQLInputField]]:
    for graphql_type in own_types(schema):
        if isinstance(graphql_type, FieldsType):
            for name, field in graphql_type.fields.items():
                yield f"{graphql_type.name}.{name}", field


def _metadata(field: GraphQLField | GraphQLInputField) -> Mapping[str, Any] | None:
    definition = (field.extensions or {}).get(_DEFINITION)
    metadata: Mapping[str, Any] = getattr(definition, "metadata", None) or {}
    return metadata.get(METADATA_KEY)


def _declared_rule(field: GraphQLField | GraphQLInputField) -> Rule:
    declared = dict(_metadata(field) or {})
    return Rule(scopes=frozenset(declared.pop("scopes")), **declared)


def _undeclared(schema: GraphQLSchema) -> Iterator[str]:
    for where, field in _fields(schema):
        if not (_metadata(field) or {}).get("scopes"):
            yield f"{where} declares no scope: make it with scoped(Scope.…, description=…)"


def _undescribed(schema: GraphQLSchema) -> Iterator[str]:
    for where, field in _fields(schema):
        if not field.description:
            yield f"{where} has no description: give scoped(…) a description"
        for name, argument in getattr(field, "args", {}).items():
            if not argument.description:
                yield (
                    f"{where}({name}:) has no description: annotate the argument with "
                    "Annotated[…, strawberry.argument(description=…)]"
                )
    for graphql_type in own_types(schema):
        if not graphql_type.description:
            yield f"{graphql_type.name} has no description: give its decorator a description"
        yield from _undescribed_values(graphql_type)


def _undescribed_values(graphql_type: GraphQLNamedType) -> Iterator[str]:
    if isinstance(graphql_type, GraphQLEnumType):
        for name, value in graphql_type.values.items():
            if not value.description:
                yield f"{graphql_type.name}.{name} has no description: use strawberry.enum_value(description=…)"


def _narrower_than_interface(schema: GraphQLSchema, catalogue: Catalogue) -> Iterator[str]:
    """A field read through an interface is judged by the interface's scopes: no implementation may ask for more."""
    for graphql_type in own_types(schema):
        if not isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for interface in graphql_type.interfaces:
            if interface.name in _GIVEN_BY_TYPE:
                continue
            for name in interface.fields:
                wide, narrow = catalogue.rule(interface.name, name), catalogue.rule(graphql_type.name, name)
                if not wide.scopes <= narrow.scopes:
                    lacking = ", ".join(sorted(wide.scopes - narrow.scopes))
                    yield f"{graphql_type.name}.{name} is narrower than {interface.name}.{name}: add {lacking}"
