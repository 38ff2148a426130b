"""Runs a prepared operation: reads the variables, prices it, resolves it within its time, names what went wrong.

Every channel comes through `Executor.execute`. How the fields are resolved is behind `Runner`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import structlog
from graphql import ExecutionResult, GraphQLError
from graphql.execution.values import VariableValues

from app.api.budgets import Budgets
from app.api.catalogue import Scopes
from app.api.cost import Cost, check_cost
from app.api.errors import Internal, NotAStream, OperationFailed, Timeout
from app.api.faults import name_failure
from app.api.introspection import VisibleSchemas
from app.api.operations import PreparedOperation
from app.api.plans import PlannedRunner
from app.api.runner import introspect
from app.api.schema import ApiSchema
from app.api.variables import read_variables
from app.core.actor import Actor
from app.core.clock import Clock
from app.core.database import Database
from app.core.errors import Language, SkoolyError, Unavailable
from app.core.graph.context import Context, RecordAudit
from app.domains.partners.errors import KeyRefused
from app.live.errors import KeyChanged

SECONDS = 5.0
REQUEST_COST = 1
"""What a request costs its key at the door, whatever becomes of it."""
OF_THE_WHOLE = (OperationFailed, Unavailable, KeyRefused, KeyChanged)
"""What is said of the request, not of a field, where nothing was answered."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Request:
    """The circumstances of one execution. `request_id` is a UUIDv7; `channel` is graphql, rest or cli."""

    request_id: UUID
    language: Language
    channel: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """What went wrong with one field, in words that may be shown."""

    code: str
    message: str
    field: str | None
    path: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an operation that was run. `data` may be partial; then `errors` says what is missing."""

    data: dict[str, Any] | None
    errors: Sequence[FieldError] = ()
    cost: Cost = field(default_factory=Cost)


NoteUse = Callable[[Actor, frozenset[Scopes]], None]
"""Told which scopes each operation needed, one of each set; must not take time."""


class Runner(Protocol):
    """Resolves the fields of an authorised operation. Must not raise for a failing field, but report it."""

    async def run(
        self, prepared: PreparedOperation, variables: VariableValues, context: Context
    ) -> ExecutionResult: ...


class Executor:
    """One per process. `services` holds what resolvers ask their context for, by class."""

    def __init__(
        self,
        schema: ApiSchema,
        database: Database,
        clock: Clock,
        record_audit: RecordAudit,
        *,
        services: Mapping[type, object] | None = None,
        seconds: float = SECONDS,
        runner: Runner | None = None,
        note_use: NoteUse | None = None,
    ) -> None:
        self._schema = schema
        self._database = database
        self._clock = clock
        self._record_audit = record_audit
        self._services = services or {}
        self._seconds = seconds
        self._runner = runner or PlannedRunner(schema.graphql)
        self._note_use = note_use
        self._budgets = self._services.get(Budgets)
        self._visible = VisibleSchemas(schema.sdl(), schema.catalogue)

    @property
    def longest_seconds(self) -> float:
        """What an operation takes at most, waiting included."""
        return self._seconds + max((rule.waits for rule in self._schema.catalogue.rules.values()), default=0)

    async def execute(
        self, prepared: PreparedOperation, variables: Mapping[str, Any], actor: Actor, request: Request
    ) -> Outcome:
        """Runs an operation that `authorise` has let pass.

        Raises NotAStream for a subscription, BadUserInput, CostExceeded, RateLimited or WaitsBesideOthers before
        anything has run, and Timeout, Unavailable or Internal when nothing came of the operation; KeyRefused or
        KeyChanged where the key was lost meanwhile.
        """
        if prepared.subscribes:
            raise NotAStream
        values, cost = self.admit(prepared, variables, actor)
        if prepared.introspects:
            result = introspect(self._visible.seen_with(actor.scopes), prepared, values)
            return _outcome(result, cost, prepared, request)
        seconds = self._seconds + prepared.waits.seconds(values.coerced)
        context = self.context(prepared, actor, request, cost)
        return _outcome(await self._resolve(prepared, values, context, seconds), cost, prepared, request)

    def admit(
        self, prepared: PreparedOperation, variables: Mapping[str, Any], actor: Actor
    ) -> tuple[VariableValues, Cost]:
        """Reads the variables and takes the cost from the key's budget, before anything is run.

        Raises BadUserInput, CostExceeded or RateLimited.
        """
        values = read_variables(self._schema.graphql, prepared.operation, variables)
        cost = prepared.estimator.estimate(values.coerced)
        check_cost(cost)
        if isinstance(self._budgets, Budgets):
            self._budgets.spend(actor, cost.cost)
        if self._note_use is not None:
            self._note_use(actor, prepared.needs.alternatives)
        return values, cost

    def context(self, prepared: PreparedOperation, actor: Actor, request: Request, cost: Cost) -> Context:
        return Context(
            actor=actor,
            database=self._database,
            clock=self._clock,
            language=request.language,
            request_id=request.request_id,
            operation=prepared.label,
            channel=request.channel,
            record_audit=self._record_audit,
            cost=REQUEST_COST + cost.cost,
            services=self._services,
        )

    async def _resolve(
        self, prepared: PreparedOperation, values: VariableValues, context: Context, seconds: float
    ) -> ExecutionResult:
        try:
            async with asyncio.timeout(seconds):
                return await self._run_and_close(prepared, values, context)
        except TimeoutError as error:
            raise Timeout from error
        except Exception as error:
            raise _named(error, prepared, context.request_id) from error

    async def _run_and_close(
        self, prepared: PreparedOperation, values: VariableValues, context: Context
    ) -> ExecutionResult:
        try:
            result = await self._runner.run(prepared, values, context)
        except BaseException as error:
            await context.abandon(error)
            raise
        try:
            await context.close()
        except Exception as error:  # an answer that cannot be audited is not given
            raise _first_foreseen([*(result.errors or ()), error], context.request_id) from error
        return result


def _outcome(result: ExecutionResult, cost: Cost, prepared: PreparedOperation, request: Request) -> Outcome:
    named = [(each, _named(each, prepared, request.request_id)) for each in result.errors or ()]
    answered = any(value is not None for value in (result.data or {}).values())
    if not answered:
        for _, failure in named:
            if isinstance(failure, OF_THE_WHOLE):
                raise failure
    errors = tuple(_field_error(error, failure, request.language) for error, failure in named)
    return Outcome(result.data, errors, cost)


def _first_foreseen(errors: Sequence[Exception], request_id: UUID) -> Exception:
    """Of a failure and those that followed from it, the one with a name of its own; else the last."""
    named = (name_failure(error, request_id) for error in errors)
    return next((each for each in named if not isinstance(each, Internal)), errors[-1])


def _named(error: Exception, prepared: PreparedOperation, request_id: UUID) -> SkoolyError:
    failure = name_failure(error, request_id)
    facts = {"operation": prepared.label, "code": failure.code, "path": getattr(error, "path", None)}
    if isinstance(failure, Internal):
        cause = getattr(error, "original_error", None) or error
        log.error("operation failed", exc_info=cause, request_id=str(request_id), **facts)
    elif isinstance(failure, OperationFailed | Unavailable):
        log.warning("operation failed", request_id=str(request_id), **facts)
    return failure


def _field_error(error: GraphQLError, failure: SkoolyError, language: Language) -> FieldError:
    return FieldError(failure.code, failure.message(language), failure.field, tuple(error.path or ()))
