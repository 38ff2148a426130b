"""Resolving fields with graphql-core, straight on the schema Strawberry built: no extensions, no second parse."""

import asyncio
from collections.abc import Awaitable
from inspect import CORO_CREATED, getcoroutinestate, isawaitable, iscoroutine
from typing import Any, TypeGuard

from graphql import ExecutionResult, GraphQLSchema
from graphql.execution import Executor as CoreExecutor
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.execute import default_field_resolver, default_type_resolver
from graphql.execution.values import VariableValues
from graphql.pyutils import is_awaitable

from app.api.operations import PreparedOperation
from app.core.graph.context import Context


class CoreRunner:
    """The reference: whatever else resolves operations has to agree with it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    async def run(self, prepared: PreparedOperation, variables: VariableValues, context: Context) -> ExecutionResult:
        begun = Begun()
        core = _core(self._schema, prepared, variables, context, begun=begun)
        try:
            result = core.execute_operation()
            resolved: Any = await result if isawaitable(result) else result
            # The context is closed after this: nothing may still use it.
            await asyncio.gather(*core.background_futures, return_exceptions=True)
        finally:
            await begun.end(core.background_futures)
        assert isinstance(resolved, ExecutionResult)
        return resolved


class Begun:
    """The coroutines of one execution.

    Where a field fails that must not be null, graphql-core goes on in the background with the siblings that had begun
    and lets fall those that had not, each of which would be a RuntimeWarning later, in somebody else's request.
    """

    def __init__(self) -> None:
        self._coroutines: list[Any] = []

    def is_awaitable(self, value: Any) -> TypeGuard[Awaitable[Any]]:
        """What graphql-core asks of every value on its way."""
        if iscoroutine(value):
            self._coroutines.append(value)
            return True
        return is_awaitable(value)

    async def end(self, background: set[asyncio.Future[Any]]) -> None:
        """Takes back what is still under way, which is something only where the execution was cancelled."""
        for future in background:
            future.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        for coroutine in self._coroutines:
            if getcoroutinestate(coroutine) == CORO_CREATED:
                coroutine.close()


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
    begun: Begun | None = None,
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
        is_awaitable=None if begun is None else begun.is_awaitable,
        hide_suggestions=True,
    )
