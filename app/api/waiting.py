"""How much longer than others an operation may take, because a field of it was asked to wait.

Whoever waits is alone: what the fields beside it have read is held until the whole operation has ended, and a pool of
connections held by sleepers is a process that stands still.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from app.api.catalogue import Catalogue
from app.api.errors import WaitsBesideOthers

WAIT_ARGUMENT = "wait"


class Waits:
    """Of one validated operation, whose fields wait at its root or nowhere."""

    def __init__(
        self,
        schema: GraphQLSchema,
        catalogue: Catalogue,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        root = schema.get_root_type(operation.operation)
        assert isinstance(root, GraphQLObjectType)
        roots = {
            (node.alias or node.name).value: node
            for node in _fields(operation.selection_set, fragments)
            if not node.name.value.startswith("__")
        }
        self._alone = len(roots) == 1
        self._asked = [
            (node, root.fields[node.name.value], longest)
            for node in roots.values()
            if (longest := catalogue.rule(root.name, node.name.value).waits)
        ]

    def seconds(self, variables: Mapping[str, Any]) -> int:
        """With these coerced variables. Raises WaitsBesideOthers, whatever `@skip` leaves out."""
        seconds = max((min(_asked(node, field, variables), most) for node, field, most in self._asked), default=0)
        if seconds > 0 and not self._alone:
            raise WaitsBesideOthers(field=WAIT_ARGUMENT)
        return max(seconds, 0)


def _asked(node: FieldNode, field: GraphQLField, variables: Mapping[str, Any]) -> int:
    value = next((each.value for each in node.arguments or () if each.name.value == WAIT_ARGUMENT), None)
    default = field.args[WAIT_ARGUMENT].default_value
    if isinstance(value, IntValueNode):
        return int(value.value)
    asked = variables.get(value.name.value, default) if isinstance(value, VariableNode) else default
    return asked if isinstance(asked, int) else 0


def _fields(node: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    for selection in node.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, FragmentSpreadNode):
            yield from _fields(fragments[selection.name.value].selection_set, fragments)
        else:
            assert isinstance(selection, InlineFragmentNode)
            yield from _fields(selection.selection_set, fragments)
