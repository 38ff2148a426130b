"""Identifiers: UUID version 7, so that rows made together lie together and partitions follow time."""

from datetime import datetime
from uuid import UUID

import uuid_utils

_BELOW_THE_TIME = (1 << 80) - 1


def new_id() -> UUID:
    return UUID(int=uuid_utils.uuid7().int)


def new_id_at(moment: datetime) -> UUID:
    """A new id that says it was made at that instant: for rows whose partition follows the injected clock."""
    return UUID(int=(_milliseconds(moment) << 80) | (new_id().int & _BELOW_THE_TIME))


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of an instant: the bound of a partition that starts then. None is before 1970."""
    return UUID(int=(max(_milliseconds(moment), 0) << 80) | (0x7 << 76) | (0x2 << 62))


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
