"""What a document selects, by concrete type: the keys of an answer, each with the field behind it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    TypeNameMetaFieldDef,
    is_abstract_type,
)

Fragments = Mapping[str, FragmentDefinitionNode]
TYPENAME = "__typename"


@dataclass(slots=True)
class Selected:
    """One key of an answer. `optional`: every selection of it hangs on @include or @skip."""

    key: str
    name: str
    field: GraphQLField
    optional: bool
    selections: list[SelectionSetNode]


@dataclass(frozen=True, slots=True)
class Selection:
    """A schema and the fragments of one document, to look into its selections."""

    schema: GraphQLSchema
    fragments: Fragments

    def keys(self, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode]) -> dict[str, Selected]:
        """The keys of an object of `type_`, in the order of the document."""
        keys: dict[str, Selected] = {}
        for node, optional in self._fields(type_, selections):
            key = (node.alias or node.name).value
            if key not in keys:
                keys[key] = Selected(key, node.name.value, _definition(type_, node), optional, [])
            keys[key].optional = keys[key].optional and optional
            if node.selection_set is not None:
                keys[key].selections.append(node.selection_set)
        return keys

    def possible(self, type_: GraphQLNamedType) -> tuple[GraphQLObjectType, ...]:
        """The object types a value of this type can have; none for a leaf."""
        if isinstance(type_, GraphQLObjectType):
            return (type_,)
        if is_abstract_type(type_):
            return tuple(self.schema.get_possible_types(type_))
        return ()

    def applies(self, type_: GraphQLObjectType, condition: str | None) -> bool:
        if condition is None or condition == type_.name:
            return True
        named = self.schema.type_map[condition]
        if isinstance(named, GraphQLUnionType):
            return type_ in named.types
        return any(each.name == condition for each in type_.interfaces)

    def _fields(
        self, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode], optional: bool = False
    ) -> Iterator[tuple[FieldNode, bool]]:
        for node in (node for each in selections for node in each.selections):
            unsure = optional or conditional(node)
            if isinstance(node, FieldNode):
                yield node, unsure
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                if self.applies(type_, fragment.type_condition.name.value):
                    yield from self._fields(type_, [fragment.selection_set], unsure)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else None
                if self.applies(type_, condition):
                    yield from self._fields(type_, [node.selection_set], unsure)


def conditional(node: SelectionNode) -> bool:
    return any(each.name.value in ("include", "skip") for each in node.directives or ())


def _definition(type_: GraphQLObjectType, node: FieldNode) -> GraphQLField:
    return TypeNameMetaFieldDef if node.name.value == TYPENAME else type_.fields[node.name.value]
