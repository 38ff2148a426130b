"""Whose endpoints are meant, and what their owner may be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from app.core.actor import Actor
from app.domains.events.topics import Topic
from app.domains.events.visibility import topics_open_to


@dataclass(frozen=True, slots=True)
class Owner:
    """An integration, by one of its keys: it sees endpoints that are told no more than this key may read, and of
    their deliveries those of events that it may read. The command line stands above them: None is every integration
    of the school, and all topics.
    """

    actor: Actor | None = None

    @classmethod
    def of(cls, actor: Actor) -> Self:
        return cls(actor)

    @property
    def partner_id(self) -> UUID | None:
        return None if self.actor is None else self.actor.partner_id

    @property
    def sight(self) -> Mapping[str, Any]:
        """What the statements ask for, by the names of their parameters; `all_topics`: there is no other one."""
        if self.actor is None:
            return {"partner": None, "topics": None, "all_topics": True, "zones": None}
        topics = topics_open_to(self.actor.scopes)
        return {
            "partner": self.actor.partner_id,
            "topics": sorted(topics),
            "all_topics": topics == frozenset(Topic),
            "zones": None if self.actor.zones is None else sorted(self.actor.zones),
        }
