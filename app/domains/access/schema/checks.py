"""Access checks as the API shows them."""

from enum import Enum
from typing import Annotated, Self

import strawberry

from app.core.errors import Language
from app.core.graph.context import Info
from app.core.graph.failure import Failure, expected, failure
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.access import decisions, errors
from app.domains.access.loaders import AccessChecks
from app.domains.access.service import check_access

_of_check = any_scope([Scope.ACCESS_CHECK])


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


@strawberry.type
class CheckQuery:
    check_access: AccessDecision = scoped(
        Scope.ACCESS_CHECK,
        description="Whether the holder of a badge may enter a zone now. Asking changes nothing.",
        resolver=_check_access,
    )
