"""Webhook endpoints themselves. Their subject is the endpoint."""

from app.domains.events.catalogue.shapes import Described, choice, text
from app.domains.events.topics import Topic

REASONS = ("by_hand", "gone", "failing", "access_ended")

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
        },
    ),
    Described(
        Topic.ENDPOINT_TESTED,
        "Un événement d'essai, envoyé à ce seul récepteur.",
        "A test event, sent to this receiver alone.",
        {"host": _HOST},
    ),
)
