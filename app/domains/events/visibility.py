"""Who may read which events: a topic is open to whoever may read what its facts tell, on every channel.

Events of a zone are for keys of that zone, and those of an integration's endpoints for its own keys.

Polling, subscriptions and webhooks ask here, so that an event never tells a key what a query would not.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from app.core.actor import Actor
from app.core.scopes import Scope
from app.domains.events.errors import TopicClosed, TopicNowhere, TopicUnknown
from app.domains.events.topics import Topic

READERS: Mapping[str, frozenset[Scope]] = {
    "student": frozenset({Scope.STUDENTS_READ, Scope.STUDENTS_LIST}),
    "badge": frozenset({Scope.BADGES_READ, Scope.BADGES_LIST, Scope.STUDENTS_LIST}),
    "programme": frozenset({Scope.PROGRAMMES_READ}),
    "class": frozenset({Scope.PROGRAMMES_READ}),
    "school_year": frozenset({Scope.SCHOOL_YEARS_READ}),
    "fee_schedule": frozenset({Scope.FEES_READ}),
    "invoice": frozenset({Scope.INVOICES_READ}),
    "payment": frozenset({Scope.PAYMENTS_READ}),
    "wallet": frozenset({Scope.WALLETS_READ}),
    "journal": frozenset({Scope.FINANCE_JOURNALS_READ, Scope.FINANCE_BOOKS_READ}),
    "journal_entry": frozenset({Scope.FINANCE_JOURNALS_READ, Scope.FINANCE_BOOKS_READ}),
    "period": frozenset({Scope.FINANCE_JOURNALS_READ, Scope.FINANCE_BOOKS_READ}),
    "fiscal_year": frozenset({Scope.FINANCE_JOURNALS_READ, Scope.FINANCE_BOOKS_READ}),
    "account": frozenset({Scope.FINANCE_JOURNALS_READ, Scope.FINANCE_BOOKS_READ}),
    "account_map": frozenset({Scope.FINANCE_JOURNALS_READ, Scope.FINANCE_BOOKS_READ}),
    "absence": frozenset({Scope.ABSENCES_READ}),
    "zone": frozenset({Scope.ZONES_READ}),
    "access": frozenset({Scope.PASSAGES_READ}),
    "endpoint": frozenset({Scope.EVENTS_READ, Scope.WEBHOOKS_READ, Scope.WEBHOOKS_MANAGE}),
}
"""Any one of these opens the topics of a family, which is the word before the dot. Nothing opens a missing one."""


OF_AN_INTEGRATION = frozenset({"endpoint"})
"""Families whose facts name, as `partner_id`, the integration that they are for; without it they are for none."""
DRAFTS = frozenset({Topic.JOURNAL_ENTRY_POSTED, Topic.JOURNAL_ENTRY_CHANGED, Topic.JOURNAL_ENTRY_DELETED})
"""Drafts are the school's own: accounting software reads what is validated, here as in `journals`."""


def family(topic: str) -> str:
    return topic.partition(".")[0]


def topics_open_to(scopes: Collection[str]) -> frozenset[Topic]:
    """The topics that a key with these scopes may read."""
    return _opened_to(frozenset(scopes))


@lru_cache(maxsize=256)
def _opened_to(scopes: frozenset[str]) -> frozenset[Topic]:
    """One for all streams of such keys, each of which keeps it."""
    return frozenset(topic for topic in Topic if not _readers(topic).isdisjoint(scopes))


def _readers(topic: str) -> frozenset[Scope]:
    if topic in DRAFTS:
        return frozenset({Scope.FINANCE_BOOKS_READ})
    return READERS.get(family(topic), frozenset())


def chosen_topics(actor: Actor, asked: Collection[str] | None, field: str = "topics") -> frozenset[Topic]:
    """What was asked for, or all that the key may read. Raises TopicUnknown and TopicClosed, naming `field`."""
    opened = topics_open_to(actor.scopes)
    if not asked:
        return opened
    known = {topic.value: topic for topic in Topic}
    if unknown := sorted(set(asked) - known.keys()):
        raise TopicUnknown(field=field, topic=unknown[0], known=", ".join(sorted(opened)))
    chosen = frozenset(known[topic] for topic in asked)
    if closed := sorted(chosen - opened):
        needed = " | ".join(sorted(_readers(closed[0])))
        raise TopicClosed(field=field, topic=closed[0], scopes=needed)
    return chosen


def refuse_unknown(topic: str, field: str) -> None:
    """Raises TopicNowhere for what no event is ever of."""
    if topic not in set(Topic):
        raise TopicNowhere(field=field, topic=topic, known=", ".join(sorted(Topic)))


def separated(topics: Collection[str] | None) -> list[str] | None:
    """As they may be written: one by one, or several in a text with commas between them, as URLs often have it."""
    return None if topics is None else [topic for text in topics for topic in text.split(",") if topic]


def is_shown(actor: Actor, topics: Collection[str], topic: str, facts: Mapping[str, Any]) -> bool:
    """Whether an event is among the `topics` chosen, and of no zone or integration that the key is not for."""
    return topic in topics and is_in_zones(actor.zones, facts) and is_of_its_integration(actor.partner_id, topic, facts)


def is_in_zones(zones: Collection[str] | None, facts: Mapping[str, Any]) -> bool:
    """Whether a key for these zones, None for all, is told facts that may name one."""
    zone = facts.get("zone")
    return zones is None or zone is None or zone in zones


def is_of_its_integration(partner_id: UUID | None, topic: str, facts: Mapping[str, Any]) -> bool:
    """Whether a key of this integration is told. `wants_event` of the database says the same of its endpoints."""
    return family(topic) not in OF_AN_INTEGRATION or facts.get("partner_id") == str(partner_id)
