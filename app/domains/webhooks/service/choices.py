"""What an owner may choose for an endpoint, read and refused by name."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.core.bounds import Bounds
from app.core.outbound import Target, read_headers
from app.core.text import Form
from app.domains.events.catalogue import CATALOGUE
from app.domains.events.topics import Topic
from app.domains.events.visibility import chosen_topics, refuse_unknown
from app.domains.webhooks.errors import FactUnknown, FilterRefused, ZoneNotFiltered
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.tables import LONGEST_TIMEOUT

DESCRIPTION = Form(200, blank=True)
FACT = Form(64)
MOST_CONDITIONS = 10
SECONDS = Bounds(1, LONGEST_TIMEOUT)
AT_ONCE = Bounds(1, 100)
RATE = Bounds(1, 1_000)
_BOUNDS: Mapping[str, tuple[str, Bounds]] = {
    "timeout_seconds": ("timeoutSeconds", SECONDS),
    "max_in_flight": ("maxInFlight", AT_ONCE),
    "rate_per_second": ("ratePerSecond", RATE),
}


def read_choices(owner: Owner, given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of what was given. `target` is a URL that was checked.

    Raises TopicUnknown, TopicClosed, EndpointInvalid, HeaderRefused, InvalidInput.
    """
    columns = dict(given)
    target: Target | None = columns.pop("target", None)
    if target is not None:
        columns["url"] = target.url
    if "description" in columns:
        columns["description"] = DESCRIPTION.read(columns["description"], "description")
    if "topics" in columns:
        columns["topics"] = read_topics(owner, columns["topics"])
    if "filter" in columns:
        columns["filter"] = read_filter(columns["filter"], columns.get("topics", ()))
        _within_zones(owner, columns["filter"])
    if "headers" in columns:
        columns["headers"] = read_headers(columns["headers"])
    for name, (field, bounds) in _BOUNDS.items():
        if columns.get(name) is not None:
            bounds.read(columns[name], field)
    return columns


def read_topics(owner: Owner, topics: Collection[str]) -> list[str]:
    """Those asked for; none is all that the owner's key may be told of, and for the school itself none still.

    Raises TopicUnknown, TopicClosed.
    """
    if owner.actor is not None:
        return sorted(chosen_topics(owner.actor, topics))
    for topic in sorted(topics):
        refuse_unknown(topic, "topics")
    return sorted(set(topics))


def refuse_more_than_own(owner: Owner, topics: Collection[str], chosen: Mapping[str, str]) -> None:
    """Raises TopicClosed or ZoneNotFiltered where an endpoint is told what its owner's key may not read: another key
    of the same integration made it, and the answer is about to be repeated.
    """
    if owner.actor is not None:
        chosen_topics(owner.actor, topics or frozenset(Topic))
        _within_zones(owner, chosen)


def read_filter(conditions: Iterable[tuple[str, str]], topics: Collection[str] = ()) -> dict[str, str]:
    """Facts that an event must have, each equal; one of `topics` at least, or of all, tells every one of them.

    Raises FilterRefused, FactUnknown, InvalidInput.
    """
    listed = [(_fact(name), FACT.read(value, "filter")) for name, value in conditions]
    if len(listed) > MOST_CONDITIONS or len(dict(listed)) < len(listed):
        raise FilterRefused(field="filter", most=MOST_CONDITIONS)
    told = [_texts_of(Topic(topic)) for topic in topics or Topic]
    for name, _ in listed:
        possible, told = told, [texts for texts in told if name in texts]
        if not told:
            raise FactUnknown(field="filter", fact=name, known=", ".join(sorted(set().union(*possible))))
    return dict(listed)


def _texts_of(topic: Topic) -> set[str]:
    return {name for name, fact in CATALOGUE[topic].facts.items() if fact.is_text}


def _within_zones(owner: Owner, chosen: Mapping[str, str]) -> None:
    zones = None if owner.actor is None else owner.actor.zones
    if zones is not None and chosen.get("zone") not in zones:
        raise ZoneNotFiltered(field="filter", zones=", ".join(sorted(zones)))


def _fact(name: str) -> str:
    if not (name.isascii() and name.replace("_", "").isalpha() and name == name.lower() and len(name) <= FACT.longest):
        raise FilterRefused(field="filter", most=MOST_CONDITIONS)
    return name
