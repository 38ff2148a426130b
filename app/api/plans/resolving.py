"""Calling resolvers: of one operation, many at once."""

import asyncio
from collections.abc import Sequence
from inspect import isawaitable
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path

from app.api.operations import PreparedOperation
from app.api.plans.shapes import ResolvedField
from app.core.graph.context import Context


class Resolving:
    """One run of one operation. What the calls of a field have in common is made once: a list calls it 1,000 times."""

    def __init__(
        self, schema: GraphQLSchema, prepared: PreparedOperation, variables: VariableValues, context: Context
    ) -> None:
        self._schema = schema
        self._prepared = prepared
        self._variables = variables
        self._context = context
        self._known: dict[ResolvedField, tuple[dict[str, Any], GraphQLResolveInfo[Context]]] = {}

    async def all(self, calls: Sequence[tuple[Any, ResolvedField]]) -> list[Any]:
        """The value of each field of each source, or the exception that stands for it, in their order.

        Nothing runs on after it: a failure does not leave its siblings behind.
        """
        values = [self._called(source, field) for source, field in calls]
        places = [place for place, value in enumerate(values) if isawaitable(value)]
        if len(places) == 1:
            values[places[0]] = await _alone(values[places[0]])
        elif places:
            found = await asyncio.gather(*(values[place] for place in places), return_exceptions=True)
            for place, value in zip(places, found, strict=True):
                values[place] = value
        return values

    def _called(self, source: Any, field: ResolvedField) -> Any:
        """A value, an awaitable, or the exception that was raised."""
        resolve = field.definition.resolve
        assert resolve is not None
        try:
            known = self._known.get(field)
            if known is None:
                known = self._known[field] = self._shared(field)
            arguments, info = known
            return resolve(source, info, **arguments)
        except Exception as error:
            return error

    def _shared(self, field: ResolvedField) -> tuple[dict[str, Any], GraphQLResolveInfo[Context]]:
        return get_argument_values(field.definition, field.nodes[0], self._variables), self._info(field)

    def _info(self, field: ResolvedField) -> GraphQLResolveInfo[Context]:
        """The same for every item of a list: its path is the field's own key alone."""
        return GraphQLResolveInfo(
            field_name=field.nodes[0].name.value,
            field_nodes=list(field.nodes),
            return_type=field.definition.type,
            parent_type=field.parent,
            path=Path(None, field.key, field.parent.name),
            schema=self._schema,
            fragments=dict(self._prepared.fragments),
            root_value=None,
            operation=self._prepared.operation,
            variable_values=self._variables,
            context=self._context,
            is_awaitable=isawaitable,  # type: ignore[arg-type]
            abort_signal=None,
            async_helpers=None,  # type: ignore[arg-type]
        )


async def _alone(value: Any) -> Any:
    """Without a task of its own."""
    try:
        return await value
    except Exception as error:
        return error
