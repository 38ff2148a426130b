"""Absences, zones, and who was turned away at a door."""

from app.domains.events.catalogue.common import CURRENCY, MATRICULE
from app.domains.events.catalogue.shapes import (
    Described,
    choice,
    flag,
    listed,
    moment,
    nullable,
    number,
    record,
    text,
)
from app.domains.events.topics import Topic

REASONS = (
    "UNKNOWN_BADGE",
    "BADGE_REVOKED",
    "NOT_ENROLLED",
    "ZONE_FORBIDDEN",
    "TUITION_UNPAID",
    "OUTSIDE_MEAL_WINDOW",
    "ANTI_PASSBACK",
    "INSUFFICIENT_BALANCE",
)
HOUR = "^([01][0-9]|2[0-3]):[0-5][0-9]$"

_ABSENCE = {
    "matricule": MATRICULE,
    "starts_at": moment("From when.", "2026-01-05T08:00:00+00:00"),
    "ends_at": moment("Until when, not included.", "2026-01-05T12:00:00+00:00"),
    "justified": flag("Whether the school accepts it.", False),
}
_WINDOW = record(
    {
        "meal": text("What is served.", "déjeuner"),
        "weekdays": listed(
            "On which days; 1 is Monday.",
            *(number("A day of the week.", each, minimum=1, maximum=7) for each in (1, 2, 3, 4, 5)),
        ),
        "opens_at": text("From when, where the school is.", "11:30", pattern=HOUR),
        "closes_at": text("Until when; before `opens_at` it is that of the next day.", "14:00", pattern=HOUR),
    }
)
_ZONE = {
    "zone": text("Its code.", "RESTAURANT"),
    "label": text("Its name.", "Restaurant universitaire"),
    "price": text("What a meal costs, as a decimal.", "500", pattern="^[0-9]+(\\.[0-9]+)?$"),
    "currency": CURRENCY,
    "requires_tuition": flag("Whether tuition must be paid to enter.", True),
    "anti_passback_seconds": number("Seconds for which a badge does not open twice.", 0, minimum=0),
    "programmes": listed("The programmes it is for; an empty list is everybody.", text("A programme's code.", "INF")),
    "windows": listed("When it is open; an empty list is always.", _WINDOW),
}
_PASSAGE = {
    "matricule": nullable(MATRICULE),
    "zone": text("Where: the zone's code.", "RESTAURANT"),
    "device_id": text("Which device.", "tourniquet-1"),
    "offline": flag("Whether the device decided without Skooly.", False),
}

PLACES = (
    Described(
        Topic.ABSENCE_RECORDED,
        "Une absence est enregistrée. Son motif n'est pas dit : il peut parler de santé.",
        "An absence was recorded. Its reason is not told: it may speak of somebody's health.",
        _ABSENCE,
    ),
    Described(
        Topic.ABSENCE_JUSTIFIED,
        "Une absence est justifiée, ou ne l'est plus.",
        "An absence was justified, or is not any more.",
        _ABSENCE | {"justified": flag("Whether the school accepts it.", True)},
    ),
    Described(Topic.ZONE_CREATED, "Une zone est ouverte.", "A zone was opened.", _ZONE),
    Described(Topic.ZONE_UPDATED, "Les règles d'une zone ont changé.", "The rules of a zone changed.", _ZONE),
    Described(
        Topic.ACCESS_GRANTED,
        "Quelqu'un est entré ou sorti.",
        "Somebody went in or out.",
        _PASSAGE
        | {
            "direction": choice("Which way.", "in", "in", "out"),
            "meal": nullable(text("What was served, where a meal was.", "déjeuner")),
        },
    ),
    Described(
        Topic.ACCESS_DENIED,
        "Quelqu'un n'est pas entré.",
        "Somebody was turned away.",
        _PASSAGE
        | {"reason": nullable(choice("Why; null where the device alone knows.", "INSUFFICIENT_BALANCE", *REASONS))},
    ),
)
