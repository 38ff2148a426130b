"""Webhook endpoints themselves. Their subject is the endpoint."""

from app.domains.events.catalogue.shapes import Described, choice, identifier, text
from app.domains.events.topics import Topic

REASONS = ("by_hand", "gone", "failing", "access_ended")

_PARTNER = identifier(
    "The integration that it belongs to. Only its own keys and endpoints are told.",
    "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e",
)
_HOST = text("The host of its URL; the rest of a URL may hold secrets.", "recepteur.example.org")

ENDPOINTS = (
    Described(
        Topic.ENDPOINT_DISABLED,
        "Skooly n'envoie plus rien à ce récepteur, jusqu'à ce qu'on le reprenne.",
        "Skooly sends nothing to this receiver any more, until it is resumed.",
        {
            "reason": choice(
                "`gone`: it answered 410. `failing`: nothing arrived for days. `access_ended`: no key in force of its "
                "integration may read what it gets.",
                "failing",
                *REASONS,
            ),
            "host": _HOST,
            "partner_id": _PARTNER,
        },
    ),
    Described(
        Topic.ENDPOINT_TESTED,
        "Un événement d'essai, envoyé à ce seul récepteur.",
        "A test event, sent to this receiver alone.",
        {"host": _HOST, "partner_id": _PARTNER},
    ),
)
