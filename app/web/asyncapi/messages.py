"""A topic as a message: its headers, its envelope, its data in full and thin, and both as they arrive, signed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import orjson

from app.core.outbound.request import USER_AGENT
from app.core.signing import Signer, show_secret, sign, sign_body
from app.domains.events.catalogue import Described
from app.domains.events.catalogue.shapes import DIALECT
from app.domains.webhooks.envelope import Happened, told_thinly, webhook_id, write_envelope

SECRET = b"an example of a secret, 32 bytes"
SIGNER = Signer(SECRET)
"""Its signatures are in the examples, so that a receiver can be tried on them."""
SCHOOL = "DEMO"
HAPPENED_AT = datetime(2025, 10, 3, 8, 12, 44, tzinfo=UTC)
SENT_AT = 1759479165
ENDPOINT = UUID("0194600f-0000-7000-8000-00000000e4d0")
NAMES = UUID("0194600f-0000-7000-8000-000000000000")


def message(described: Described) -> dict[str, Any]:
    return {
        "name": described.topic.value,
        "title": described.topic.value,
        "summary": described.en,
        "description": described.fr,
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/Headers"},
        "payload": _payload(described),
        "examples": [_example(described, thin=False), _example(described, thin=True)],
    }


def data_schemas(described: Described) -> dict[str, Any]:
    """What the payload refers to: the facts of a topic in full, and what a thin endpoint gets of them."""
    full, thin = _names(described)
    return {
        full: {"$schema": DIALECT, **described.schema()},
        thin: {"$schema": DIALECT, **described.only(told_thinly(described.topic)).schema()},
    }


def envelope_schema() -> dict[str, Any]:
    """CloudEvents 1.0 in its JSON format, with `school` and `schemaversion` as extensions."""
    properties: dict[str, Any] = {
        "specversion": {"type": "string", "const": "1.0", "description": "Of CloudEvents."},
        "id": {"type": "string", "format": "uuid", "description": "The event's, the same on every channel."},
        "type": {"type": "string", "description": "The topic."},
        "schemaversion": {"type": "integer", "minimum": 1, "description": "The version of the shape of `data`."},
        "source": {"type": "string", "format": "uri-reference", "description": "The school, as a path."},
        "time": {"type": "string", "format": "date-time", "description": "When it happened, in UTC."},
        "school": {"type": "string", "description": "The school's code."},
        "subject": {"type": "string", "format": "uuid", "description": "Identifier of what it happened to."},
        "data": {"type": "object", "description": "The facts, as the topic and `schemaversion` say."},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def headers_schema() -> dict[str, Any]:
    properties: dict[str, Any] = {
        "content-type": {"type": "string", "const": "application/json", "description": "UTF-8, as JSON always is."},
        "user-agent": {"type": "string", "const": USER_AGENT, "description": "Who calls."},
        "webhook-id": {
            "type": "string",
            "pattern": "^evt_[0-9a-f]{32}_[0-9a-f]{32}$",
            "description": "The same over retries and replays of an event to an endpoint: repetitions show by it.",
        },
        "webhook-timestamp": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "When this attempt was made, in seconds since 1970.",
        },
        "webhook-signature": {
            "type": "string",
            "pattern": "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$",
            "description": "Signatures per Standard Webhooks, one for each secret that is valid.",
        },
        "X-Skooly-Signature": {
            "type": "string",
            "pattern": "^sha256=[0-9a-f]{64}$",
            "description": "Over the body alone, with the oldest valid secret: for receivers that know no better.",
        },
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _names(described: Described) -> tuple[str, str]:
    name = f"{described.topic}.v{described.version}"
    return name, f"{name}.thin"


def _payload(described: Described) -> dict[str, Any]:
    own = {
        "type": {"const": described.topic.value},
        "schemaversion": {"const": described.version},
        "data": {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in _names(described)]},
    }
    return {"allOf": [{"$ref": "#/components/schemas/Envelope"}, {"type": "object", "properties": own}]}


def _example(described: Described, *, thin: bool) -> dict[str, Any]:
    """As it arrives, byte for byte where the payload is written without spaces."""
    happened = Happened(
        id=uuid5(NAMES, described.topic),
        type=described.topic,
        subject=uuid5(NAMES, f"subject of {described.topic}"),
        facts=orjson.dumps(described.example).decode(),
        occurred_at=HAPPENED_AT,
        schema_version=described.version,
    )
    body = write_envelope(happened, SCHOOL, thin=thin)
    return {
        "name": "thin" if thin else "full",
        "summary": f"Signed with {show_secret(SECRET)}, over the payload without spaces.",
        "headers": _headers(webhook_id(happened.id, ENDPOINT), body),
        "payload": orjson.loads(body),
    }


def _headers(identifier: str, body: bytes) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": identifier,
        "webhook-timestamp": str(SENT_AT),
        "webhook-signature": sign([SIGNER], webhook_id=identifier, timestamp=SENT_AT, body=body),
        "X-Skooly-Signature": sign_body(SIGNER, body),
    }
