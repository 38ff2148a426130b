"""Who may run an operation: decided on the whole operation, before any of it runs, on every channel.

Each selected field, and each input field that is given, needs one of its scopes. An operation is denied as a whole,
never field by field. Rules about rows (school, zone) live in the services' queries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)

from app.api.catalogue import Catalogue, Scopes
from app.api.errors import InsufficientScope
from app.core.actor import Actor

TYPENAME = "__typename"


@dataclass(frozen=True, slots=True)
class Needs:
    """`alternatives`: of each of these sets the key needs one scope. `personal`: reading it is audited."""

    alternatives: frozenset[Scopes]
    coordinates: frozenset[str]
    personal: bool


def authorise(actor: Actor, needs: Needs) -> None:
    """Raises InsufficientScope naming what is missing."""
    missing = [scopes for scopes in needs.alternatives if scopes.isdisjoint(actor.scopes)]
    if missing:
        raise InsufficientScope(missing)


def needs_of(
    schema: GraphQLSchema,
    catalogue: Catalogue,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Needs:
    """What a validated operation needs."""
    walk = _Walk(schema, fragments)
    root = schema.get_root_type(operation.operation)
    assert root is not None
    for variable in operation.variable_definitions or ():
        walk.whole_input(type_from_ast(schema, variable.type))
    walk.selections(operation.selection_set, root)
    rules = [catalogue.rules[where] for where in walk.coordinates]
    return Needs(
        alternatives=_smallest(frozenset(rule.scopes for rule in rules)),
        coordinates=frozenset(walk.coordinates),
        personal=any(rule.personal for rule in rules),
    )


def _smallest(alternatives: frozenset[Scopes]) -> frozenset[Scopes]:
    """Without the sets that another one implies: who holds one of {a} holds one of {a, b}."""
    return frozenset(each for each in alternatives if not any(other < each for other in alternatives))


@dataclass(slots=True)
class _Walk:
    """Collects coordinates; every fragment and every input type is entered once."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    coordinates: set[str] = field(default_factory=set)
    fragments_entered: set[str] = field(default_factory=set)
    inputs_entered: set[str] = field(default_factory=set)

    def selections(self, node: SelectionSetNode, parent: GraphQLNamedType) -> None:
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                self.field(selection, parent)
            elif isinstance(selection, FragmentSpreadNode):
                self.fragment(selection.name.value)
            else:
                assert isinstance(selection, InlineFragmentNode)
                condition = selection.type_condition
                self.selections(
                    selection.selection_set, self.schema.type_map[condition.name.value] if condition else parent
                )

    def field(self, node: FieldNode, parent: GraphQLNamedType) -> None:
        name = node.name.value
        if name.startswith("__"):
            return
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        definition = parent.fields[name]
        self.coordinates.add(f"{parent.name}.{name}")
        for argument in node.arguments or ():
            self.literal(argument.value, definition.args[argument.name.value].type)
        if node.selection_set:
            self.selections(node.selection_set, get_named_type(definition.type))

    def fragment(self, name: str) -> None:
        if name not in self.fragments_entered:
            self.fragments_entered.add(name)
            fragment = self.fragments[name]
            self.selections(fragment.selection_set, self.schema.type_map[fragment.type_condition.name.value])

    def literal(self, node: ValueNode, given: GraphQLInputType) -> None:
        """The input fields that a literal gives. Variables are counted where they are defined."""
        nullable = given.of_type if is_non_null_type(given) else given
        if isinstance(node, VariableNode):
            return
        if isinstance(node, ListValueNode) and is_list_type(nullable):
            for item in node.values:
                self.literal(item, nullable.of_type)
        elif isinstance(node, ObjectValueNode):
            named = get_named_type(nullable)
            if isinstance(named, GraphQLInputObjectType):
                for entry in node.fields:
                    self.coordinates.add(f"{named.name}.{entry.name.value}")
                    self.literal(entry.value, named.fields[entry.name.value].type)

    def whole_input(self, given: object) -> None:
        """A variable may carry any field of its type, so each of them counts."""
        named = get_named_type(given)  # type: ignore[call-overload]
        if isinstance(named, GraphQLInputObjectType) and named.name not in self.inputs_entered:
            self.inputs_entered.add(named.name)
            for name, definition in named.fields.items():
                self.coordinates.add(f"{named.name}.{name}")
                self.whole_input(definition.type)
