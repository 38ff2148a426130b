"""The contract of webhooks as an AsyncAPI 3.0 document, made from the catalogue of topics; served at /v1/asyncapi.json.

It describes Skooly, which sends; whoever receives makes a server from it by turning the operations round.
"""

import orjson

from app.domains.events.catalogue import CATALOGUE
from app.domains.events.visibility import READERS, family
from app.web.asyncapi.messages import data_schemas, envelope_schema, headers_schema, message

__all__ = ["document"]

VERSION = "1.0.0"
"""Of the envelope and its headers; each topic has a version of its own."""
CHANNEL = "endpoint"


def document() -> bytes:
    """The same bytes from the same code."""
    parts = {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": {"receiver": _server()},
        "channels": {CHANNEL: _channel()},
        "operations": {name: _operation(name) for name in READERS if _topics(name)},
        "components": _components(),
    }
    return orjson.dumps(parts, option=orjson.OPT_INDENT_2) + b"\n"


def _info() -> dict[str, object]:
    return {
        "title": "Skooly webhooks",
        "version": VERSION,
        "description": (
            "What Skooly posts to the endpoints of an integration. Delivery is at least once and in no order: keep "
            "the `webhook-id` of what was treated, and leave out what comes again. Any 2xx within the endpoint's "
            "timeout, 15 seconds at most, is success. Everything else is tried again after 1 minute, 5 minutes and "
            "1 hour, and 410 disables the endpoint. An endpoint whose payload is `thin` gets identifiers alone, and "
            "asks the API for the rest. New facts may appear in `data` at any time; one that changes its meaning or "
            "goes away raises `schemaversion`. The same events can be read in order at `GET /v1/events`."
        ),
    }


def _server() -> dict[str, object]:
    return {
        "host": "{host}",
        "protocol": "https",
        "description": "The receiver: the URL of an endpoint, as the integration registered it.",
        "variables": {"host": {"description": "The endpoint's host.", "examples": ["recepteur.example.org"]}},
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("standardWebhooks", "legacyBody")],
    }


def _channel() -> dict[str, object]:
    return {
        "address": None,
        "title": "An endpoint",
        "description": "The path is that of the endpoint's URL. Redirects are not followed.",
        "messages": {topic.value: {"$ref": f"#/components/messages/{topic}"} for topic in CATALOGUE},
        "bindings": {"http": {"bindingVersion": "0.3.0"}},
    }


def _operation(name: str) -> dict[str, object]:
    """What is sent of one family of topics, and which scopes open it."""
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{CHANNEL}"},
        "title": f"{name}.*",
        "description": "Sent to integrations whose key has one of the scopes in `x-scopes`.",
        "messages": [{"$ref": f"#/channels/{CHANNEL}/messages/{topic}"} for topic in _topics(name)],
        "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        "x-scopes": sorted(READERS[name]),
    }


def _topics(name: str) -> list[str]:
    return [topic.value for topic in CATALOGUE if family(topic) == name]


def _components() -> dict[str, object]:
    schemas = {"Headers": headers_schema(), "Envelope": envelope_schema()}
    for described in CATALOGUE.values():
        schemas |= data_schemas(described)
    return {
        "messages": {topic.value: message(described) for topic, described in CATALOGUE.items()},
        "schemas": schemas,
        "securitySchemes": _security_schemes(),
    }


def _security_schemes() -> dict[str, object]:
    return {
        "standardWebhooks": {
            "type": "httpApiKey",
            "in": "header",
            "name": "webhook-signature",
            "description": (
                "Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, with "
                "the bytes that the secret `whsec_…` holds in base64. Several, separated by spaces, while a secret is "
                "being rotated: one of them has to fit. Refuse a timestamp more than five minutes away."
            ),
        },
        "legacyBody": {
            "type": "httpApiKey",
            "in": "header",
            "name": "X-Skooly-Signature",
            "description": (
                "For receivers that know no better: `sha256=` and the hex of HMAC-SHA256 over the body, with the same "
                "bytes. It covers neither identifier nor time, so a repeated request is not noticed by it."
            ),
        },
    }
