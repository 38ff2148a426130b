"""Identifiers: UUID version 7, so that rows made together lie together and partitions follow time."""

from datetime import datetime
from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    return UUID(int=uuid_utils.uuid7().int)


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of an instant: the bound of a partition that starts then."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (0x2 << 62))
