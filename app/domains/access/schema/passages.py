"""Passages as the API takes and shows them."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument

from app.core.errors import Language
from app.core.graph.context import Context, Info
from app.core.graph.failure import Failure, expected, failure
from app.core.graph.inputs import plain
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.access import errors
from app.domains.access.passage_loaders import passages_by_id
from app.domains.access.passages import record_passage
from app.domains.access.records import PassageRecord
from app.domains.access.schema.checks import Decision, DenialReason, UnknownZoneFailure
from app.domains.access.service import zone_open_to
from app.domains.finance.service.checks import REFERENCE
from app.domains.partners.mutations import IdempotencyKey, perform_once

_of_passage = any_scope([Scope.ACCESS_RECORD, Scope.PASSAGES_READ])
_to_record = any_scope([Scope.ACCESS_RECORD])


@strawberry.enum(description="Which way somebody went.")
class Direction(Enum):
    IN = strawberry.enum_value("in", name="in", description="Into the zone.")
    OUT = strawberry.enum_value("out", name="out", description="Out of the zone.")


@failure(errors.PassageInvalid, description="A passage cannot be like this; `field` names the input at fault.")
class PassageInvalidFailure(Failure):
    pass


@strawberry.type(description="Somebody passed, or was turned away.")
class Passage(Node):
    node_id: strawberry.ID = node_id_field(_of_passage)
    id: UUID = _of_passage(description="Its identifier.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")
    zone: str = _of_passage(description="Where.", example="RESTAURANT")
    direction: Direction = _of_passage(description="Which way.", example="in")
    decision: Decision = _of_passage(description="Whether the badge's holder passed.", example="granted")
    reason: DenialReason | None = _of_passage(description="Why not; null for who passed.", example=None)
    message: str | None = _of_passage(
        description="`reason` in a few words; null for who passed.", example="Solde insuffisant"
    )
    offline: bool = _of_passage(description="Whether the device was alone when it happened.", example=False)
    meal_debited: bool = _of_passage(
        description="Whether this passage took the price of a meal: the first of its meal and day does.", example=True
    )
    overdrawn: bool = _of_passage(description="Whether the wallet could not cover the meal.", example=False)
    occurred_at: datetime = _of_passage(
        description="When it happened, in the school's time zone.", example="2025-01-13T12:04:09+00:00"
    )
    recorded_at: datetime = _of_passage(
        description="When it was recorded, in the school's time zone.", example="2025-01-13T12:04:10+00:00"
    )

    @classmethod
    def of(cls, record: PassageRecord, timezone: str, language: Language) -> Self:
        zone = ZoneInfo(timezone)
        return cls(
            node_id=node_id_of("Passage", record.id),
            id=record.id,
            zone=record.zone,
            direction=Direction(record.direction),
            decision=Decision.granted if record.granted else Decision.denied,
            reason=None if record.reason is None else DenialReason.of(record.reason),
            message=None if record.reason is None else record.reason.message(language),
            offline=record.offline,
            meal_debited=record.charged > 0,
            overdrawn=record.overdrawn,
            occurred_at=record.occurred_at.astimezone(zone),
            recorded_at=record.recorded_at.astimezone(zone),
        )


RecordPassageResult = Annotated[
    Passage | UnknownZoneFailure | PassageInvalidFailure,
    strawberry.union("RecordPassageResult", description="The passage, or why there is none."),
]


@strawberry.input(description="A passage, as a device tells it.")
class RecordPassageInput:
    zone: str = _to_record(description="Code of the zone, in any case.", example="RESTAURANT", form=IDENTIFIER)
    badge: str = _to_record(
        description="What the reader read, in any case.", personal=True, example="12345", form=IDENTIFIER
    )
    device_id: str = _to_record(
        description="The device, as the school names it.", example="tourniquet-1", form=REFERENCE
    )
    device_event_id: str = _to_record(
        description="The device's own number of this event: telling it again answers what was recorded first.",
        example="2025-01-13/000042",
        form=REFERENCE,
    )
    direction: Direction = _to_record(description="Which way.", example="in", optional=True, default=Direction.IN)
    occurred_at: datetime = _to_record(
        description="When, with its offset: from 31 days ago to 5 minutes ahead.", example="2025-01-13T12:04:09+00:00"
    )
    offline: bool = _to_record(
        description="Whether the device decided alone.", example=False, optional=True, default=False
    )
    granted: bool | None = _to_record(
        description="What the device did; null where the rules should decide.", example=True, optional=True
    )


@expected(RecordPassageResult)
async def _record_passage(
    info: Info,
    input: Annotated[RecordPassageInput, argument(description="The passage.")],
    idempotency_key: IdempotencyKey = None,
) -> RecordPassageResult:
    context = info.context
    asked = plain(input)
    record = await perform_once(
        context,
        "recordPassage",
        idempotency_key,
        asked,
        lambda session: record_passage(session, context.actor, **asked, now=context.clock.now()),
        PassageRecord,
        concerns=lambda made: _holder_seen(context, made),
    )
    return Passage.of(record, context.actor.timezone, context.language)


def _holder_seen(context: Context, record: PassageRecord) -> list[UUID]:
    """Raises InsufficientZone: what is repeated may be what another key of the partner recorded."""
    zone_open_to(context.actor, record.zone)
    return [] if record.student_id is None else [record.student_id]


@strawberry.type
class PassageMutation:
    record_passage: RecordPassageResult = scoped(
        Scope.ACCESS_RECORD,
        description="Records that somebody passed or was turned away, once for each event of a device.",
        resolver=_record_passage,
        cost=10,
    )


def _show(record: PassageRecord, context: Context) -> Passage:
    if record.student_id is not None:
        context.saw(record.student_id)
    return Passage.of(record, context.actor.timezone, context.language)


PASSAGES = NodeKind(Passage, (Scope.ACCESS_RECORD, Scope.PASSAGES_READ), passages_by_id, _show)
