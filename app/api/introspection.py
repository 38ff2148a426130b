"""The schema as a key may see it: introspection shows the fields its scopes open, and what they reach.

Filtered on the SDL and built without resolvers, so that nothing but introspection can be run on it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
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
        definitions = {
            node.name.value: self._narrowed(node, scopes)
            for node in self._document.definitions
            if isinstance(node, TypeDefinition)
        }
        others = [node for node in self._document.definitions if not isinstance(node, TypeDefinition)]
        reached = _reached(definitions)
        kept = [_without_hidden(node, reached) for name, node in definitions.items() if name in reached]
        # A key without queries sees an empty Query, which only a filtered schema may have.
        return build_ast_schema(DocumentNode(definitions=(*others, *kept)), assume_valid=True)

    def _narrowed(self, node: TypeDefinition, scopes: Scopes) -> TypeDefinition:
        if not isinstance(node, WithFields):
            return node
        open_fields = tuple(
            field
            for field in node.fields or ()
            if not scopes.isdisjoint(self._catalogue.rule(node.name.value, field.name.value).scopes)
        )
        return replace(node, fields=open_fields)


def _reached(definitions: Mapping[str, TypeDefinition]) -> set[str]:
    """The types that can be come upon from the roots. Types without a field left are as good as absent."""
    reached: set[str] = set()
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        node = definitions.get(name)
        if node is None or name in reached or (_is_empty(node) and name != "Query"):
            continue
        reached.add(name)
        waiting.extend(_mentioned(node, definitions))
    return reached


def _is_empty(node: TypeDefinition) -> bool:
    return isinstance(node, WithFields) and not node.fields


def _mentioned(node: TypeDefinition, definitions: Mapping[str, TypeDefinition]) -> Iterator[str]:
    if isinstance(node, UnionTypeDefinitionNode):
        yield from (member.name.value for member in node.types or ())
    if not isinstance(node, WithFields):
        return
    yield from _interfaces(node)
    for field in node.fields or ():
        yield from _possible(_named(field.type), definitions)
        if isinstance(field, FieldDefinitionNode):
            yield from (_named(argument.type) for argument in field.arguments or ())


def _possible(name: str, definitions: Mapping[str, TypeDefinition]) -> Iterator[str]:
    """A type and, of an interface that a field gives, its implementations.

    An interface that is only implemented does not show its other implementations.
    """
    yield name
    if isinstance(definitions.get(name), InterfaceTypeDefinitionNode):
        yield from (other for other, node in definitions.items() if name in _interfaces(node))


def _without_hidden(node: TypeDefinition, reached: set[str]) -> TypeDefinition:
    if isinstance(node, UnionTypeDefinitionNode):
        return replace(node, types=tuple(each for each in node.types or () if each.name.value in reached))
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        kept = tuple(each for each in node.interfaces or () if each.name.value in reached)
        return replace(node, interfaces=kept)
    return node


def _interfaces(node: TypeDefinition) -> list[str]:
    return [interface.name.value for interface in getattr(node, "interfaces", None) or ()]


def _named(node: TypeNode) -> str:
    while isinstance(node, NonNullTypeNode | ListTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value
