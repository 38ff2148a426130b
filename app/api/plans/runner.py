"""Runs queries by their plans; what a plan does not cover is graphql-core's.

A plan calls the fields' own resolvers, through the functions Strawberry built, and shapes what they return. It is the
same schema, and the operation was authorised and priced before. Where a value is not what the schema promises, or a
resolver below the root fails, graphql-core resolves the operation again and says so in its own words: only a query
may run twice, so mutations are never planned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from graphql import ExecutionResult, GraphQLSchema, OperationType, is_non_null_type, located_error
from graphql.execution.values import VariableValues

from app.api.operations import PreparedOperation
from app.api.plans.errors import NotPlannable, PlanBroken
from app.api.plans.resolving import Resolving
from app.api.plans.shapes import TYPENAME, Later, ResolvedField, Shapes
from app.api.runner import CoreRunner
from app.core.graph.context import Context


@dataclass(frozen=True, slots=True)
class Plan:
    schema: GraphQLSchema
    fields: Sequence[ResolvedField]

    async def run(self, prepared: PreparedOperation, variables: VariableValues, context: Context) -> ExecutionResult:
        """What came of the operation; a resolver's failure is the error of its root field. Raises PlanBroken."""
        resolving = Resolving(self.schema, prepared, variables, context)
        values = await resolving.all([(None, field) for field in self.fields])
        data: dict[str, Any] = {}
        errors = []
        later: Later = []
        for field, value in zip(self.fields, values, strict=True):
            if isinstance(value, Exception):
                errors.append(located_error(value, field.nodes, [field.key]))
                if is_non_null_type(field.definition.type):
                    if len(self.fields) > 1:  # which of several errors survive, only graphql-core can say
                        raise PlanBroken(field.key)
                    return ExecutionResult(None, errors)
                data[field.key] = None
            else:
                data[field.key] = _shaped(field, value, later)
        await _complete(resolving, later)
        return ExecutionResult(data, errors or None)


async def _complete(resolving: Resolving, later: Later) -> None:
    """Level by level: what lies at one depth, wherever in the answer, is resolved at once, so that loaders batch.

    Raises PlanBroken.
    """
    while later:
        level, later = later, []
        values = await resolving.all([(source, field) for source, _, field in level])
        for (_, made, field), value in zip(level, values, strict=True):
            if isinstance(value, BaseException):
                raise PlanBroken(field.key) from value
            made[field.key] = _shaped(field, value, later)


def _shaped(field: ResolvedField, value: Any, later: Later) -> Any:
    """Raises PlanBroken, whatever it was about the value that its shape did not expect."""
    try:
        return field.shape(value, later)
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
        fields.append(shapes.resolved(root, key, nodes))
    return Plan(schema, fields)


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
