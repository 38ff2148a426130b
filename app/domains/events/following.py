"""What a subscription follows: a choice among the events of a school's log, and the place to begin after.

Every subscription of the API is one of these: its resolver checks what was asked for and says it in these words.
"""

from dataclasses import dataclass
from typing import Protocol, Self
from uuid import UUID

from app.core.actor import Actor
from app.domains.events.cursors import Place
from app.domains.events.tables import Event
from app.domains.events.topics import Topic
from app.domains.events.visibility import OF_AN_INTEGRATION, family, is_in_zones, is_of_its_integration


class Choice(Protocol):
    """A condition on an event. Choices that are equal choose the same; they are hashable."""

    def takes(self, event: Event) -> bool: ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which events are shown. Equal filters show the same.

    `zones` are those that the key is for, None for all; `partner_id` is whose key it is, where a topic is among them
    that each integration is told of its own: streams of several integrations are else shown the same.
    """

    topics: frozenset[Topic]
    zones: frozenset[str] | None = None
    choice: Choice | None = None
    partner_id: UUID | None = None

    @classmethod
    def of(cls, actor: Actor, topics: frozenset[Topic], choice: Choice | None = None) -> Self:
        has_own = any(family(topic) in OF_AN_INTEGRATION for topic in topics)
        return cls(topics, actor.zones, choice, actor.partner_id if has_own else None)

    def shows(self, event: Event) -> bool:
        return (
            event.type in self.topics
            and is_in_zones(self.zones, event.facts)
            and is_of_its_integration(self.partner_id, event.type, event.facts)
            and (self.choice is None or self.choice.takes(event))
        )


@dataclass(frozen=True, slots=True)
class Following:
    """`after` None begins with what happens from now on. `latest`: what waits too long gives way to what is newer."""

    shown: LogFilter
    after: Place | None = None
    latest: bool = False
