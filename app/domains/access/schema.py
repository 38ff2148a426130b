"""Access checks and passages as the API takes and shows them."""

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
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.access import decisions, errors
from app.domains.access.loaders import AccessChecks
from app.domains.access.passages import record_passage
from app.domains.access.records import PassageRecord
from app.domains.access.service import check_access, zone_open_to
from app.domains.finance.service.checks import REFERENCE
from app.domains.partners.mutations import IdempotencyKey, perform_once

_of_check = any_scope([Scope.ACCESS_CHECK])
_of_passage = any_scope([Scope.ACCESS_RECORD])


@strawberry.enum(description="What the turnstile should do.")
class Decision(Enum):
    granted = strawberry.enum_value("granted", description="Let the holder of the badge in.")
    denied = strawberry.enum_value("denied", description="Keep the turnstile shut.")


@strawberry.enum(description="Why somebody is denied. The checks come in this order, and the first that fails is told.")
class DenialReason(Enum):
    UNKNOWN_BADGE = strawberry.enum_value("UNKNOWN_BADGE", description="Nobody carries this badge.")
    BADGE_REVOKED = strawberry.enum_value("BADGE_REVOKED", description="The badge was lost, returned or replaced.")
    NOT_ENROLLED = strawberry.enum_value("NOT_ENROLLED", description="The student does not study here today.")
    ZONE_FORBIDDEN = strawberry.enum_value("ZONE_FORBIDDEN", description="The zone is not for the student's programme.")
    TUITION_UNPAID = strawberry.enum_value("TUITION_UNPAID", description="An instalment of tuition is late.")
    OUTSIDE_MEAL_WINDOW = strawberry.enum_value("OUTSIDE_MEAL_WINDOW", description="The zone does not serve now.")
    ANTI_PASSBACK = strawberry.enum_value("ANTI_PASSBACK", description="The badge has just come in here.")
    INSUFFICIENT_BALANCE = strawberry.enum_value("INSUFFICIENT_BALANCE", description="The wallet cannot pay the price.")

    @classmethod
    def of(cls, reason: decisions.Reason) -> Self:
        return cls(reason.value)


@strawberry.enum(description="Which way somebody went.")
class Direction(Enum):
    IN = strawberry.enum_value("in", name="in", description="Into the zone.")
    OUT = strawberry.enum_value("out", name="out", description="Out of the zone.")


@strawberry.type(description="The holder of the badge may enter.")
class AccessGranted:
    decision: Decision = _of_check(description="Always `granted`.", example="granted")
    zone: str = _of_check(description="The zone asked about.", example="RESTAURANT")
    first_name: str | None = _of_check(
        description="The holder's given names, for the display.", personal=True, example="Aïssatou"
    )


@strawberry.type(description="The holder of the badge may not enter. This is an answer, not an error.")
class AccessDenied:
    decision: Decision = _of_check(description="Always `denied`.", example="denied")
    reason: DenialReason = _of_check(description="Why, for a program.", example="INSUFFICIENT_BALANCE")
    message: str = _of_check(description="Why, in a few words for the display.", example="Solde insuffisant")
    zone: str = _of_check(description="The zone asked about.", example="RESTAURANT")


@failure(errors.UnknownZone, description="The school has no zone with this code.")
class UnknownZoneFailure(Failure):
    pass


@failure(errors.PassageInvalid, description="A passage cannot be like this; `field` names the input at fault.")
class PassageInvalidFailure(Failure):
    pass


AccessDecision = Annotated[
    AccessGranted | AccessDenied | UnknownZoneFailure,
    strawberry.union("AccessDecision", description="Whether the holder of a badge may enter a zone now."),
]


def _decided(decision: decisions.AccessDecision, language: Language) -> AccessGranted | AccessDenied:
    if decision.reason is None:
        return AccessGranted(decision=Decision.granted, zone=decision.zone, first_name=decision.first_name)
    return AccessDenied(
        decision=Decision.denied,
        reason=DenialReason.of(decision.reason),
        message=decision.reason.message(language),
        zone=decision.zone,
    )


@strawberry.type(description="Somebody passed, or was turned away.")
class Passage:
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
    zone: str = _of_passage(description="Code of the zone, in any case.", example="RESTAURANT", form=IDENTIFIER)
    badge: str = _of_passage(
        description="What the reader read, in any case.", personal=True, example="12345", form=IDENTIFIER
    )
    device_id: str = _of_passage(
        description="The device, as the school names it.", example="tourniquet-1", form=REFERENCE
    )
    device_event_id: str = _of_passage(
        description="The device's own number of this event: telling it again answers what was recorded first.",
        example="2025-01-13/000042",
        form=REFERENCE,
    )
    direction: Direction = _of_passage(description="Which way.", example="in", optional=True, default=Direction.IN)
    occurred_at: datetime = _of_passage(
        description="When, with its offset: from 31 days ago to 5 minutes ahead.", example="2025-01-13T12:04:09+00:00"
    )
    offline: bool = _of_passage(
        description="Whether the device decided alone.", example=False, optional=True, default=False
    )
    granted: bool | None = _of_passage(
        description="What the device did; null where the rules should decide.", example=True, optional=True
    )


@expected(AccessDecision)
async def _check_access(
    info: Info,
    nfc: Annotated[str, takes(IDENTIFIER, description="What the reader read, in any case.", example="12345")],
    zone: Annotated[str, takes(IDENTIFIER, description="Code of the zone, in any case.", example="RESTAURANT")],
) -> AccessDecision:
    context = info.context
    decision = await check_access(
        context.service(AccessChecks),
        context.actor,
        nfc=nfc,
        zone=zone,
        request_id=context.request_id,
        operation=context.operation,
        channel=context.channel,
    )
    return _decided(decision, context.language)


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
class Query:
    check_access: AccessDecision = scoped(
        Scope.ACCESS_CHECK,
        description="Whether the holder of a badge may enter a zone now. Asking changes nothing.",
        resolver=_check_access,
    )


@strawberry.type
class Mutation:
    record_passage: RecordPassageResult = scoped(
        Scope.ACCESS_RECORD,
        description="Records that somebody passed or was turned away, once for each event of a device.",
        resolver=_record_passage,
        cost=10,
    )
