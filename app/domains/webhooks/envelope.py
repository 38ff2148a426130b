"""The body of a delivery: an envelope in the shape of CloudEvents, with as many facts as the endpoint asked for.

`schemaversion` is an extension attribute, and those are written in small letters without any mark between.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import orjson

from app.domains.events.topics import Topic

IDENTIFIERS = frozenset(
    {"matricule", "number", "provider", "reference", "journal", "piece_ref", "badge", "zone", "host"}
    | {"code", "period", "fiscal_year"}
)
"""What a thin payload keeps: enough to ask for the rest over the API, with the rights of one's own key."""
CODED_REASONS = frozenset({Topic.ACCESS_DENIED, Topic.ENDPOINT_DISABLED})
"""Their `reason` is one of a few codes. Elsewhere somebody wrote it about somebody: why a family is refunded, say."""


@dataclass(slots=True, eq=False)
class Happened:
    """An event as the log has it, one object for all who are told of it together; `facts` are JSON."""

    id: UUID
    type: str
    subject: UUID
    facts: str
    occurred_at: datetime
    schema_version: int = 1
    bodies: dict[bool, bytes] = field(default_factory=dict, repr=False)
    """What has been written for it, thin or not."""


def webhook_id(event_id: UUID, endpoint_id: UUID) -> str:
    """What a receiver recognises a repetition by: the same over retries and replays, another for another endpoint."""
    return f"evt_{event_id.hex}_{endpoint_id.hex}"


def told_thinly(topic: str) -> frozenset[str]:
    """The facts that a thin payload keeps of a topic."""
    return IDENTIFIERS | {"reason"} if topic in CODED_REASONS else IDENTIFIERS


def write_envelope(event: Happened, school: str, *, thin: bool) -> bytes:
    """`school` is its code. Written once for the endpoints that are told of an event together."""
    body = event.bodies.get(thin)
    if body is None:
        body = event.bodies[thin] = _write(event, school, thin)
    return body


def _write(event: Happened, school: str, thin: bool) -> bytes:
    facts = orjson.loads(event.facts)
    if thin:
        kept = told_thinly(event.type)
        facts = {name: value for name, value in facts.items() if name in kept}
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": str(event.id),
            "type": event.type,
            "schemaversion": event.schema_version,
            "source": f"/schools/{school}",
            "time": event.occurred_at.astimezone(UTC),
            "school": school,
            "subject": str(event.subject),
            "data": facts,
        }
    )
