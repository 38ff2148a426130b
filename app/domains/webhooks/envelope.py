"""The body of a delivery: an envelope in the shape of CloudEvents, with as many facts as the endpoint asked for.

`schemaversion` is an extension attribute, and those are written in small letters without any mark between.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import orjson

from app.domains.events.topics import Topic

IDENTIFIERS = frozenset(
    {"matricule", "number", "provider", "reference", "journal", "piece_ref", "badge", "zone", "host"}
    | {"code", "period", "fiscal_year"}
)
"""What a thin payload keeps: enough to ask for the rest over the API, with the rights of one's own key."""
MOST_WRITTEN = 512
"""Bodies that are kept for the other endpoints of their school."""
CODED_REASONS = frozenset({Topic.ACCESS_DENIED, Topic.ENDPOINT_DISABLED})
"""Their `reason` is one of a few codes. Elsewhere somebody wrote it about somebody: why a family is refunded, say."""


@dataclass(frozen=True, slots=True, eq=False)
class Happened:
    """An event as the log has it, one object for all who are told of it; `facts` are JSON."""

    id: UUID
    type: str
    subject: UUID
    facts: str
    occurred_at: datetime
    schema_version: int = 1


def webhook_id(event_id: UUID, endpoint_id: UUID) -> str:
    """What a receiver recognises a repetition by: the same over retries and replays, another for another endpoint."""
    return f"evt_{event_id.hex}_{endpoint_id.hex}"


def told_thinly(topic: str) -> frozenset[str]:
    """The facts that a thin payload keeps of a topic."""
    return IDENTIFIERS | {"reason"} if topic in CODED_REASONS else IDENTIFIERS


@lru_cache(MOST_WRITTEN)
def write_envelope(event: Happened, school: str, *, thin: bool) -> bytes:
    """`school` is its code. Written once for the endpoints of a school that are told of an event together."""
    facts, kept = orjson.loads(event.facts), told_thinly(event.type)
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": str(event.id),
            "type": event.type,
            "schemaversion": event.schema_version,
            "source": f"/schools/{school}",
            "time": event.occurred_at.astimezone(UTC).isoformat(),
            "school": school,
            "subject": str(event.subject),
            "data": {name: value for name, value in facts.items() if name in kept} if thin else facts,
        }
    )
