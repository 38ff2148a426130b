"""What a process has free. `share_places`, a function of the database, shares it among the endpoints whose turn it is.

No endpoint takes more than its share of a round, no school more than half of the process; retries leave a quarter of
the places to first attempts, and endpoints known to be slow share a lane of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Room:
    """What a process has free. `schools` names those that have requests under way, and what is left to each."""

    places: int
    retries: int
    slow: int
    school: int
    """What is left to a school that `schools` does not name."""
    schools: Mapping[UUID, int] = field(default_factory=dict)
