"""The schema as a key may see it: introspection shows the fields its scopes open, and what they reach.

Filtered on the SDL and built without resolvers, so that nothing but introspection can be run on it.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    parse,
)

from app.api.cache import BoundedCache
from app.api.catalogue import Catalogue, Scopes

WithFields = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | InputObjectTypeDefinitionNode
TypeDefinition = WithFields | UnionTypeDefinitionNode | EnumTypeDefinitionNode | ScalarTypeDefinitionNode
ROOTS = ("Query", "Mutation", "Subscription")
KEPT = 64


class VisibleSchemas:
    """The filtered schemas by set of scopes, the `KEPT` last used ones."""

    def __init__(self, sdl: str, catalogue: Catalogue) -> None:
        self._document = parse(sdl)
        self._catalogue = catalogue
        self._known: BoundedCache[Scopes, GraphQLSchema] = BoundedCache(KEPT, KEPT)

    def seen_with(self, scopes: Scopes) -> GraphQLSchema:
        schema = self._known.get(scopes)
        if schema is None:
            schema = self._build(scopes)
            self._known.put(scopes, schema)
        return schema

    def _build(self, scopes: Scopes) -> GraphQLSchema:
        types = {
            node.name.value: self._narrowed(node, scopes)
            for node in self._document.definitions
            if isinstance(node, TypeDefinition)
        }
        while hollow := _hollow(types):
            types = {name: _without(node, hollow) for name, node in types.items() if name not in hollow}
        reached = _reached(types)
        kept = [_without(node, types.keys() - reached) for name, node in types.items() if name in reached]
        others = [node for node in self._document.definitions if not isinstance(node, TypeDefinition)]
        # A key without queries sees an empty Query, which only a schema assumed valid may have.
        return build_ast_schema(DocumentNode(definitions=(*others, *kept)), assume_valid=True)

    def _narrowed(self, node: TypeDefinition, scopes: Scopes) -> TypeDefinition:
        if not isinstance(node, WithFields):
            return node
        open_fields = tuple(
            field
            for field in node.fields or ()
            if not scopes.isdisjoint(self._catalogue.rule(node.name.value, field.name.value).scopes)
        )
        return replace(node, fields=open_fields)  # type: ignore[arg-type]


def _hollow(types: Mapping[str, TypeDefinition]) -> set[str]:
    """The types with nothing left in them; `Query` has to stay."""
    return {
        name
        for name, node in types.items()
        if name != "Query"
        and (
            (isinstance(node, WithFields) and not node.fields)
            or (isinstance(node, UnionTypeDefinitionNode) and not node.types)
        )
    }


def _without(node: TypeDefinition, hidden: Set[str]) -> TypeDefinition:
    """The type without the fields, members and interfaces that mention a hidden one."""
    if isinstance(node, UnionTypeDefinitionNode):
        return replace(node, types=tuple(each for each in node.types or () if each.name.value not in hidden))
    if not isinstance(node, WithFields):
        return node
    fields = tuple(each for each in node.fields or () if hidden.isdisjoint(_types_of(each)))
    if isinstance(node, InputObjectTypeDefinitionNode):
        return replace(node, fields=fields)  # type: ignore[arg-type]
    interfaces = tuple(each for each in node.interfaces or () if each.name.value not in hidden)
    return replace(node, fields=fields, interfaces=interfaces)  # type: ignore[arg-type]


def _reached(types: Mapping[str, TypeDefinition]) -> set[str]:
    """The types that can be come upon from the roots."""
    reached: set[str] = set()
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name in types and name not in reached:
            reached.add(name)
            waiting.extend(_mentioned(types[name], types))
    return reached


def _mentioned(node: TypeDefinition, types: Mapping[str, TypeDefinition]) -> Iterator[str]:
    if isinstance(node, UnionTypeDefinitionNode):
        yield from (member.name.value for member in node.types or ())
    if not isinstance(node, WithFields):
        return
    yield from _interfaces(node)
    for field in node.fields or ():
        for name in _types_of(field):
            yield from _possible(name, types)


def _types_of(field: FieldDefinitionNode | InputValueDefinitionNode) -> Iterator[str]:
    """The names of the types of a field and of its arguments."""
    yield _named(field.type)
    if isinstance(field, FieldDefinitionNode):
        yield from (_named(argument.type) for argument in field.arguments or ())


def _possible(name: str, types: Mapping[str, TypeDefinition]) -> Iterator[str]:
    """A type and, of an interface that a field gives, its implementations.

    An interface that is only implemented does not show its other implementations.
    """
    yield name
    if isinstance(types.get(name), InterfaceTypeDefinitionNode):
        yield from (other for other, node in types.items() if name in _interfaces(node))


def _interfaces(node: TypeDefinition) -> list[str]:
    return [interface.name.value for interface in getattr(node, "interfaces", None) or ()]


def _named(node: TypeNode) -> str:
    while isinstance(node, NonNullTypeNode | ListTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value
