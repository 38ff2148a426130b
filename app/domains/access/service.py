"""Whether somebody may enter a zone. Asking changes nothing but the audit."""

from uuid import UUID

from app.core.actor import Actor
from app.core.text import normalise_badge, normalise_code
from app.domains.access.decisions import AccessDecision, Reason
from app.domains.access.errors import InsufficientZone, UnknownZone
from app.domains.access.loaders import AccessChecks, Question


async def check_access(
    checks: AccessChecks,
    actor: Actor,
    *,
    nfc: str,
    zone: str,
    request_id: UUID,
    operation: str,
    channel: str,
) -> AccessDecision:
    """Decides for the badge with the text `nfc`, at the present instant in the school's time zone.

    `request_id`, `operation` and `channel` go into the audit, which is durable before the answer is given. Raises
    UnknownZone, InsufficientZone for a zone the key is not for, and InvalidInput for unusable texts.
    """
    badge = normalise_badge(nfc)
    code = zone_open_to(actor, zone)
    answer = await checks.ask(Question(badge, code, actor, request_id, operation, channel))
    if not answer.zone_known:
        raise UnknownZone(field="zone", zone=code)
    reason = None if answer.reason is None else Reason(answer.reason)
    return AccessDecision(code, reason, answer.first_name)


def zone_open_to(actor: Actor, zone: str, field: str = "zone") -> str:
    """The zone's code, normalised. Raises InsufficientZone, before it is known whether there is such a zone."""
    code = normalise_code(zone, field)
    if actor.zones is not None and code not in actor.zones:
        raise InsufficientZone(field=field, zone=code)
    return code
