"""The demo school on paper: rows by table and events in their order, before anything reaches the database."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.ids import first_id_at
from app.core.tables import Table
from app.domains.events.topics import Topic

SEED = "Skooly demo school"


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it will stand in the log."""

    topic: Topic
    subject: UUID
    facts: dict[str, Any]
    occurred_at: datetime


@dataclass(slots=True)
class Draft:
    """Everything is drawn from one seed: the same day gives the same school, ids included."""

    rows: dict[type[Table], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    events: list[Told] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311  # repeatable by design

    def add(self, table: type[Table], **values: Any) -> None:
        """A row of a table; every row of one table has the same columns."""
        self.rows[table].append(values)

    def make(self, table: type[Table], made_at: datetime, **values: Any) -> UUID:
        """A row with an id of the instant `made_at`, which is returned."""
        identity = UUID(int=first_id_at(made_at).int | self.chance.getrandbits(62))
        self.add(table, id=identity, **values)
        return identity

    def tell(self, topic: Topic, subject: UUID, facts: dict[str, Any], occurred_at: datetime) -> None:
        self.events.append(Told(topic, subject, facts, occurred_at))

    def history(self) -> list[Told]:
        """The events in the order of time."""
        return sorted(self.events, key=lambda told: told.occurred_at)
