"""Runs queries by their plans; what a plan does not cover is graphql-core's.

A plan calls the root fields' own resolvers, through the functions Strawberry built, and shapes what they return. It is
the same schema, and the operation was authorised and priced before. Where a value is not what the schema promises,
graphql-core resolves the operation again and says so in its own words: only a query may run twice, so mutations are
never planned.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any
from weakref import WeakKeyDictionary

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationType,
    is_non_null_type,
    located_error,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path

from app.api.operations import PreparedOperation
from app.api.plans.errors import NotPlannable, PlanBroken
from app.api.plans.shapes import TYPENAME, Shape, Shapes
from app.api.runner import CoreRunner
from app.core.graph.context import Context


@dataclass(frozen=True, slots=True)
class RootField:
    """One field of the query: how it is resolved and how its value is shaped."""

    key: str
    definition: GraphQLField
    nodes: Sequence[FieldNode]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Plan:
    schema: GraphQLSchema
    root: GraphQLObjectType
    fields: Sequence[RootField]

    async def run(self, prepared: PreparedOperation, variables: VariableValues, context: Context) -> ExecutionResult:
        """What came of the operation; a resolver's failure is the error of its root field. Raises PlanBroken."""
        values = await self._resolve_all(prepared, variables, context)
        data: dict[str, Any] = {}
        errors = []
        for field, value in zip(self.fields, values, strict=True):
            if isinstance(value, Exception):
                errors.append(located_error(value, field.nodes, [field.key]))
                if is_non_null_type(field.definition.type):
                    if len(self.fields) > 1:  # which of several errors survive, only graphql-core can say
                        raise PlanBroken(field.key)
                    return ExecutionResult(None, errors)
                data[field.key] = None
            else:
                data[field.key] = _shaped(field, value)
        return ExecutionResult(data, errors or None)

    async def _resolve_all(self, prepared: PreparedOperation, variables: VariableValues, context: Context) -> list[Any]:
        """The value of each root field, or the exception that stands for it."""
        resolving = [self._resolve(field, prepared, variables, context) for field in self.fields]
        if len(resolving) > 1:
            return await asyncio.gather(*resolving, return_exceptions=True)
        try:
            return [await resolving[0]]
        except Exception as error:
            return [error]

    async def _resolve(
        self, field: RootField, prepared: PreparedOperation, variables: VariableValues, context: Context
    ) -> Any:
        resolve: Callable[..., Any] | None = field.definition.resolve
        assert resolve is not None
        arguments = get_argument_values(field.definition, field.nodes[0], variables)
        value = resolve(None, self._info(field, prepared, variables, context), **arguments)
        return await value if isawaitable(value) else value

    def _info(
        self, field: RootField, prepared: PreparedOperation, variables: VariableValues, context: Context
    ) -> GraphQLResolveInfo[Context]:
        return GraphQLResolveInfo(
            field_name=field.nodes[0].name.value,
            field_nodes=list(field.nodes),
            return_type=field.definition.type,
            parent_type=self.root,
            path=Path(None, field.key, self.root.name),
            schema=self.schema,
            fragments=dict(prepared.fragments),
            root_value=None,
            operation=prepared.operation,
            variable_values=variables,
            context=context,
            is_awaitable=isawaitable,  # type: ignore[arg-type]
            abort_signal=None,
            async_helpers=None,  # type: ignore[arg-type]
        )


def _shaped(field: RootField, value: Any) -> Any:
    """Raises PlanBroken, whatever it was about the value that its shape did not expect."""
    try:
        return field.shape(value)
    except Exception as error:
        raise PlanBroken(field.key) from error


def make_plan(schema: GraphQLSchema, prepared: PreparedOperation) -> Plan:
    """Raises NotPlannable."""
    if prepared.operation.operation is not OperationType.QUERY or schema.query_type is None:
        raise NotPlannable("only queries are planned")
    shapes = Shapes(schema, prepared.fragments)
    root = schema.query_type
    fields = []
    for key, nodes in shapes.collect(root, [prepared.operation.selection_set]).items():
        if nodes[0].name.value == TYPENAME:
            raise NotPlannable("__typename of the root")
        definition = root.fields[nodes[0].name.value]
        if definition.resolve is None:
            raise NotPlannable("a root field without resolver")
        fields.append(RootField(key, definition, nodes, shapes.output(definition.type, nodes)))
    return Plan(schema, root, fields)


class PlannedRunner:
    """One per process. A plan lives as long as its prepared operation does."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._core = CoreRunner(schema)
        self._plans: WeakKeyDictionary[PreparedOperation, Plan | None] = WeakKeyDictionary()

    async def run(self, prepared: PreparedOperation, variables: VariableValues, context: Context) -> ExecutionResult:
        plan = self.plan_of(prepared)
        if plan is not None:
            try:
                return await plan.run(prepared, variables, context)
            except PlanBroken:
                await context.start_over()
        return await self._core.run(prepared, variables, context)

    def plan_of(self, prepared: PreparedOperation) -> Plan | None:
        """The operation's plan; None where graphql-core has to do it."""
        try:
            return self._plans[prepared]
        except KeyError:
            plan = self._plans[prepared] = self._made(prepared)
            return plan

    def _made(self, prepared: PreparedOperation) -> Plan | None:
        try:
            return make_plan(self._schema, prepared)
        except NotPlannable:
            return None
