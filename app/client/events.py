"""An event as every channel tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is the same on every channel, webhooks included: whoever handled it once knows it again."""

    id: str
    cursor: str
    topic: str
    schema_version: int
    subject: str
    occurred_at: datetime
    data: Mapping[str, Any]

    @classmethod
    def read(cls, shown: Mapping[str, Any]) -> Self:
        return cls(
            id=shown["id"],
            cursor=shown["cursor"],
            topic=shown["topic"],
            schema_version=shown["schemaVersion"],
            subject=shown["subject"],
            occurred_at=datetime.fromisoformat(shown["occurredAt"]),
            data=shown["data"],
        )
