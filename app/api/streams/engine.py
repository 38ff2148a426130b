"""Subscribing: whatever the transport, this decides whether a stream is given, and gives it."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from inspect import isawaitable
from typing import Any, Self
from weakref import WeakKeyDictionary

from graphql import FieldNode, GraphQLResolveInfo
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import VariableNode, Visitor, visit
from graphql.pyutils import Path

from app.api.authoriser import authorise
from app.api.executor import Executor, Request
from app.api.faults import name_failure
from app.api.operations import PreparedOperation
from app.api.schema import ApiSchema
from app.api.streams.rendering import FrameRenderer, Selection, root_field
from app.core.actor import Actor
from app.core.errors import SkoolyError, Unavailable
from app.core.graph.context import Context
from app.core.tasks import end
from app.domains.events.cursors import LogCursors
from app.domains.events.following import Following, LogFilter
from app.live.cohort import Cohort
from app.live.errors import ShuttingDown
from app.live.keys import KeyGuard
from app.live.stream import SLOW_SECONDS, Stream
from app.live.tail import Tailer
from app.live.trail import Trail, Viewer
from app.live.turns import Turns
from app.live.waiting import Everything, Newest

CHECKPOINT_SECONDS = 15.0


class LiveEngine:
    """One per process, used as a context. `shut_down` may come before its end: once the server is told to stop."""

    def __init__(
        self,
        schema: ApiSchema,
        executor: Executor,
        cursors: LogCursors,
        tailer: Tailer,
        guard: KeyGuard,
        trail: Trail,
        *,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
        slow_seconds: float = SLOW_SECONDS,
        turns: Turns | None = None,
    ) -> None:
        self._schema = schema.graphql
        self._executor = executor
        self._cursors = cursors
        self._tailer = tailer
        self.guard = guard
        self._trail = trail
        self._turns = turns or Turns()
        self._checkpoint_seconds = checkpoint_seconds
        self._slow_seconds = slow_seconds
        self._cohorts: dict[Hashable, Cohort] = {}
        self._selecting: WeakKeyDictionary[PreparedOperation, list[str]] = WeakKeyDictionary()
        self._streams: set[Stream] = set()
        self._stopping = False
        self._parts = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        for part in (self._trail, self.guard, self._tailer):
            await self._parts.enter_async_context(part)
        self._task = asyncio.create_task(self._keep_telling())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        await end([self._task])
        self.shut_down()
        await self._parts.aclose()

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    def shut_down(self) -> None:
        """Ends every stream, each with its cursor, and gives no other."""
        self._stopping = True
        for stream in list(self._streams):
            stream.end(ShuttingDown())

    async def subscribe(
        self, prepared: PreparedOperation, variables: Mapping[str, Any], actor: Actor, request: Request
    ) -> Stream:
        """A stream of `prepared`, which is a subscription; from now on where its arguments name no place to begin.

        Raises, before anything is sent: InsufficientScope, BadUserInput, CostExceeded, RateLimited; what the field's
        resolver raises (BadCursor, TopicClosed …); KeyRevoked, KeyExpired, KeyChanged; Unavailable or Internal.
        """
        authorise(actor, prepared.needs)
        if self._stopping:
            raise Unavailable
        values, cost = self._executor.admit(prepared, variables, actor)
        context = self._executor.context(prepared, actor, request, cost)
        try:
            following = await self._following(prepared, values, context)
            return await self._opened(prepared, values, following, context)
        except SkoolyError:
            raise
        except Exception as error:
            raise name_failure(error, request.request_id) from error

    async def _following(self, prepared: PreparedOperation, values: VariableValues, context: Context) -> Following:
        """What the field's own resolver says is to be followed."""
        key, nodes = root_field(self._schema, prepared)
        root = self._schema.subscription_type
        assert root is not None
        field = root.fields[nodes[0].name.value]
        assert field.subscribe is not None
        info = _info(self._schema, prepared, values, context, key, nodes)
        following = field.subscribe(None, info, **get_argument_values(field, nodes[0], values))
        if isawaitable(following):
            following = await following
        assert isinstance(following, Following)
        return following

    async def _opened(
        self, prepared: PreparedOperation, values: VariableValues, following: Following, context: Context
    ) -> Stream:
        actor = context.actor
        viewer = Viewer(actor, context.operation, context.channel)
        key, cohort = self._cohort(prepared, values, following.shown, context)
        stream = Stream(
            cohort,
            self._tailer,
            Newest() if following.latest else Everything(),
            trusted=self.guard.trusts,
            shown=self._trail.noting(viewer),
            ended=partial(self._forget, key, cohort, actor),
            slow_seconds=self._slow_seconds,
        )
        self._cohorts[key] = cohort
        cohort.streams.add(stream)
        self._streams.add(stream)
        try:
            async with self._turns.one():
                await self.guard.admit(actor, stream)
                if prepared.needs.personal:
                    await self._trail.open(viewer, context.request_id)
                await stream.begin(following.after)
        except BaseException:
            await stream.close()
            raise
        if stream.closing is not None and stream.closing.failure is not None:
            raise stream.closing.failure
        return stream

    def _cohort(
        self, prepared: PreparedOperation, values: VariableValues, shown: LogFilter, context: Context
    ) -> tuple[Hashable, Cohort]:
        """Who is shown the same: everything that what is shown depends on is in the key."""
        actor = context.actor
        selecting = self._selecting.get(prepared)
        if selecting is None:
            selecting = self._selecting[prepared] = _selecting_variables(prepared)
        selected = tuple(repr(values.coerced.get(name)) for name in selecting)
        key = (prepared, selected, shown, actor.scopes, actor.school_id, actor.timezone, context.language)
        cohort = self._cohorts.get(key)
        if cohort is None:
            selection = Selection(self._schema, prepared, values)
            renderer = FrameRenderer(selection, self._cursors, actor, context.language)
            cohort = Cohort(actor.school_id, shown, renderer, self._tailer)
        return key, cohort

    def _forget(self, key: Hashable, cohort: Cohort, actor: Actor, stream: Stream) -> None:
        self.guard.release(actor, stream)
        self._streams.discard(stream)
        cohort.part(stream)
        cohort.streams.discard(stream)
        if not cohort.streams and self._cohorts.get(key) is cohort:
            del self._cohorts[key]

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(self._checkpoint_seconds)
            for cohort in list(self._cohorts.values()):
                cohort.checkpoint()


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


def _selecting_variables(prepared: PreparedOperation) -> list[str]:
    """Those that what is selected depends on. What the root field's arguments say is in what it follows."""
    found = _Variables()
    for selection in prepared.operation.selection_set.selections:
        inner = selection.selection_set if isinstance(selection, FieldNode) else selection
        if inner is not None:
            visit(inner, found)
    for fragment in prepared.fragments.values():
        visit(fragment.selection_set, found)
    return sorted(found.names)


def _info(
    schema: Any,
    prepared: PreparedOperation,
    values: VariableValues,
    context: Context,
    key: str,
    nodes: Sequence[FieldNode],
) -> GraphQLResolveInfo[Context]:
    root = schema.subscription_type
    return GraphQLResolveInfo(
        field_name=nodes[0].name.value,
        field_nodes=list(nodes),
        return_type=root.fields[nodes[0].name.value].type,
        parent_type=root,
        path=Path(None, key, root.name),
        schema=schema,
        fragments=dict(prepared.fragments),
        root_value=None,
        operation=prepared.operation,
        variable_values=values,
        context=context,
        is_awaitable=isawaitable,  # type: ignore[arg-type]
        abort_signal=None,
        async_helpers=None,  # type: ignore[arg-type]
    )
