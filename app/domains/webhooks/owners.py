"""Whose endpoints are meant, and what their owner may be told."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from app.core.actor import Actor


@dataclass(frozen=True, slots=True)
class Owner:
    """An integration, by one of its keys. The command line stands above them: None is every integration of the
    school, and all topics.
    """

    actor: Actor | None = None

    @classmethod
    def of(cls, actor: Actor) -> Self:
        return cls(actor)

    @property
    def partner_id(self) -> UUID | None:
        return None if self.actor is None else self.actor.partner_id
