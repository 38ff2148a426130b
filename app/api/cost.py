"""What an operation would cost, known before it runs.

`nodes` are the objects that may be made; `cost` is one for each field that gives an object or a list of objects, or
what the field declares. A field under a list counts once per item: the page's `first` tells how many, or the list of
ids that the field is given, or the `size` the list declares. Fragments count wherever they are spread, all branches of
a union count, `@skip` does not help.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from app.api.catalogue import Catalogue, Rule
from app.api.errors import CostExceeded
from app.core.pagination import LARGEST_PAGE

MAX_NODES = 10_000
MAX_COST = 1_000
UNSIZED_LIST = 100
PAGE_ARGUMENT = "first"


@dataclass(frozen=True, slots=True)
class Cost:
    nodes: int = 0
    cost: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.nodes + other.nodes, self.cost + other.cost)

    def times(self, factor: int) -> "Cost":
        return Cost(self.nodes * factor, self.cost * factor)


def check_cost(cost: Cost) -> None:
    """Raises CostExceeded."""
    if cost.nodes > MAX_NODES:
        raise CostExceeded(unit="nodes", measured=_shown(cost.nodes), maximum=MAX_NODES)
    if cost.cost > MAX_COST:
        raise CostExceeded(unit="cost", measured=_shown(cost.cost), maximum=MAX_COST)


def _shown(measured: int) -> str:
    """Sizes multiply: the number may have hundreds of digits."""
    return str(measured) if measured < 10**9 else "> 10⁹"


class Estimator:
    """Prices one operation. `estimate(variables)` takes coerced variables; it is free where none gives a size."""

    def __init__(
        self,
        schema: GraphQLSchema,
        catalogue: Catalogue,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self._schema = schema
        self._catalogue = catalogue
        self._operation = operation
        self._fragments = fragments
        pricing = _Pricing(schema, catalogue, fragments, None)
        self.ceiling = pricing.price(operation)
        """The cost when every page that a variable sizes is the largest."""
        self._fixed = not pricing.asked_variables

    def estimate(self, variables: Mapping[str, Any]) -> Cost:
        if self._fixed:
            return self.ceiling
        return _Pricing(self._schema, self._catalogue, self._fragments, variables).price(self._operation)


class _Pricing:
    """One pass over an operation. A fragment is priced once for each page size it is spread under."""

    def __init__(
        self,
        schema: GraphQLSchema,
        catalogue: Catalogue,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any] | None,
    ) -> None:
        self.schema = schema
        self.catalogue = catalogue
        self.fragments = fragments
        self.variables = variables
        self.asked_variables = False
        self._priced: dict[tuple[str, int | None], Cost] = {}

    def price(self, operation: OperationDefinitionNode) -> Cost:
        root = self.schema.get_root_type(operation.operation)
        assert root is not None
        return self._selections(operation.selection_set, root, None)

    def _selections(self, node: SelectionSetNode, parent: GraphQLNamedType, page: int | None) -> Cost:
        total = Cost()
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                total += self._field(selection, parent, page)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._fragment(selection.name.value, page)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self.schema.type_map[condition.name.value] if condition else parent
                total += self._selections(selection.selection_set, inner, page)
        return total

    def _fragment(self, name: str, page: int | None) -> Cost:
        if (name, page) not in self._priced:
            fragment = self.fragments[name]
            parent = self.schema.type_map[fragment.type_condition.name.value]
            self._priced[name, page] = self._selections(fragment.selection_set, parent, page)
        return self._priced[name, page]

    def _field(self, node: FieldNode, parent: GraphQLNamedType, page: int | None) -> Cost:
        name = node.name.value
        if name.startswith("__"):
            return Cost()
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        definition, rule = parent.fields[name], self.catalogue.rule(parent.name, name)
        named = get_named_type(definition.type)
        if not is_composite_type(named) or node.selection_set is None:
            return Cost(0, rule.cost)
        asked = self._page(node, definition, rule)
        inner_page = asked if asked is not None else page
        items = 1
        if is_list_type(get_nullable_type(definition.type)):
            items = asked if asked is not None else rule.size or page or UNSIZED_LIST
            inner_page = None
        inner = self._selections(node.selection_set, named, inner_page)
        return Cost(0, max(rule.cost, 1)) + (Cost(1, 0) + inner).times(items)

    def _page(self, node: FieldNode, definition: GraphQLField, rule: Rule) -> int | None:
        """What the field's `first` asks for, or how many items its list argument names, if it has one."""
        name = rule.sized_by or PAGE_ARGUMENT
        argument = definition.args.get(name)
        if argument is None:
            return None
        value = next((a.value for a in node.arguments or () if a.name.value == name), None)
        if rule.sized_by is not None and not isinstance(value, VariableNode):
            return len(value.values) if isinstance(value, ListValueNode) else 1
        default = argument.default_value if isinstance(argument.default_value, int) else LARGEST_PAGE
        if isinstance(value, IntValueNode):
            return max(int(value.value), 0)
        if isinstance(value, VariableNode):
            self.asked_variables = True
            if self.variables is None:
                return LARGEST_PAGE
            given = self.variables.get(value.name.value, default)
            if isinstance(given, list):
                return len(given)
            return max(given, 0) if isinstance(given, int) else LARGEST_PAGE
        return LARGEST_PAGE if isinstance(value, NullValueNode) else default
