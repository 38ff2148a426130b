"""What a stream hands to its transport: frames, and at the end the word why there are no more."""

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import SkoolyError
from app.domains.events.cursors import Place

About = tuple[str, UUID | None]
"""A topic and a subject: of two frames about the same, the later one says more."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """An answer, encoded once for everybody who is sent the same.

    `payload` is a GraphQL response in JSON. A client that has seen it goes on after `cursor`, which is of `place`; a
    Gap has neither. `matricule` is of the student whose data it shows, if any.
    """

    payload: bytes
    cursor: str | None
    place: Place | None
    about: About
    matricule: str | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """Why a stream ended. Without `failure` it is complete: its last frame, a Gap, says what to do.

    Whoever subscribes again after `cursor`, that of the last frame taken, misses nothing.
    """

    failure: SkoolyError | None
    cursor: str | None
