"""From an event to the bytes of an answer: once for each event and selection, by a plan where there is one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from graphql import ExecutionResult, FieldNode, GraphQLSchema
from graphql.execution.values import VariableValues

from app.api.faults import name_failure
from app.api.operations import PreparedOperation
from app.api.plans.errors import NotPlannable, PlanBroken
from app.api.plans.shapes import Later, ResolvedField, Shapes
from app.api.runner import render
from app.core.actor import Actor
from app.core.errors import Language
from app.core.ids import new_id
from app.domains.events.cursors import LogCursors, Place
from app.domains.events.errors import LogGap
from app.domains.events.schema.shapes import Checkpoint, Gap
from app.domains.events.schema.shapes import Event as EventShown
from app.domains.events.tables import Event
from app.live.frames import Frame

CHECKPOINT = ("", None)


class Selection:
    """What a subscription selects of each envelope. One for a prepared operation and its variables."""

    def __init__(self, schema: GraphQLSchema, prepared: PreparedOperation, variables: VariableValues) -> None:
        self._schema = schema
        self._prepared = prepared
        self._variables = variables
        self._plan = plan_of(schema, prepared)

    def encode(self, envelope: Any) -> bytes:
        """A GraphQL response in JSON."""
        if self._plan is not None:
            later: Later = []
            try:
                shaped = self._plan.shape(envelope, later)
            except PlanBroken:
                later.append((None, {}, self._plan))
            if not later:
                return orjson.dumps({"data": {self._plan.key: shaped}})
        return orjson.dumps(_response(render(self._schema, self._prepared, self._variables, envelope)))


def root_field(schema: GraphQLSchema, prepared: PreparedOperation) -> tuple[str, Sequence[FieldNode]]:
    """The one field that a valid subscription follows: its response key and its nodes. Raises NotPlannable."""
    root = schema.subscription_type
    assert root is not None
    [(key, nodes)] = Shapes(schema, prepared.fragments).collect(root, [prepared.operation.selection_set]).items()
    return key, nodes


def plan_of(schema: GraphQLSchema, prepared: PreparedOperation) -> ResolvedField | None:
    """None where graphql-core has to do it."""
    root = schema.subscription_type
    assert root is not None
    try:
        return Shapes(schema, prepared.fragments).resolved(root, *root_field(schema, prepared))
    except NotPlannable:
        return None


def _response(result: ExecutionResult) -> dict[str, Any]:
    if not result.errors:
        return {"data": result.data}
    failures = [(error, name_failure(error, new_id())) for error in result.errors]
    errors = [
        {"message": failure.message("en"), "path": list(error.path or ()), "extensions": {"code": failure.code}}
        for error, failure in failures
    ]
    return {"data": result.data, "errors": errors}


class FrameRenderer:
    """As `Renderer` has it: for one selection, school and language."""

    def __init__(self, selection: Selection, cursors: LogCursors, actor: Actor, language: Language) -> None:
        self._selection = selection
        self._cursors = cursors
        self._school_id: UUID = actor.school_id
        self._timezone = actor.timezone
        self._language = language

    def event(self, event: Event) -> Frame:
        place = Place(event.epoch, event.position)
        cursor = self.cursor(place)
        payload = self._selection.encode(EventShown.of(event, cursor, self._timezone))
        return Frame(payload, cursor, place, (event.type, event.subject), event.facts.get("matricule"))

    def checkpoint(self, place: Place) -> Frame:
        cursor = self.cursor(place)
        return Frame(self._selection.encode(Checkpoint(cursor=cursor)), cursor, place, CHECKPOINT)

    def gap(self, gap: LogGap) -> Frame:
        shown = Gap.of_log(gap, self._cursors, self._school_id, self._language)
        return Frame(self._selection.encode(shown), None, None, CHECKPOINT)

    def cursor(self, place: Place) -> str:
        return self._cursors.write(self._school_id, place)
