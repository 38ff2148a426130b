"""Resolving fields with graphql-core, straight on the schema Strawberry built: no extensions, no second parse."""

from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, GraphQLSchema
from graphql.execution import Executor as CoreExecutor
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.execute import default_field_resolver, default_type_resolver
from graphql.execution.values import VariableValues

from app.api.operations import PreparedOperation
from app.core.graph.context import Context


class CoreRunner:
    """The reference: whatever else resolves operations has to agree with it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    async def run(self, prepared: PreparedOperation, variables: VariableValues, context: Context) -> ExecutionResult:
        result = _core(self._schema, prepared, variables, context).execute_operation()
        resolved: Any = await result if isawaitable(result) else result
        assert isinstance(resolved, ExecutionResult)
        return resolved


def render(schema: GraphQLSchema, prepared: PreparedOperation, variables: VariableValues, root: Any) -> ExecutionResult:
    """The answer for one `root` that a subscription brought, whose fields are plain: never awaits anything."""
    result = _core(schema, prepared, variables, None, root).execute_operation()
    assert isinstance(result, ExecutionResult)
    return result


def introspect(schema: GraphQLSchema, prepared: PreparedOperation, variables: VariableValues) -> ExecutionResult:
    """Answers `__schema` and `__type` on a schema without resolvers: never awaits anything."""
    result = _core(schema, prepared, variables, None).execute_operation()
    assert isinstance(result, ExecutionResult)
    return result


def _core(
    schema: GraphQLSchema,
    prepared: PreparedOperation,
    variables: VariableValues,
    context: Context | None,
    root: Any = None,
) -> Any:
    fragments = {name: FragmentDetails(node) for name, node in prepared.fragments.items()}
    return CoreExecutor(
        schema,
        dict(prepared.fragments),
        fragments,
        root,
        context,
        prepared.operation,
        variables,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        hide_suggestions=True,
    )
