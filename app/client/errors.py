"""What a partner's program may meet.

ClientError    Refused · LogGap · Unreachable
"""

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Groups them."""


class Refused(ClientError):
    """The request or its key is not accepted: trying again is no use. `code` is the problem's, as documented."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", "UNKNOWN"))
        super().__init__(f"{status} {self.code}: {problem.get('detail') or problem.get('title') or ''}")


class LogGap(ClientError):
    """What came next is no longer kept. Read how things stand over the API, then go on from `oldest`."""

    def __init__(self, oldest: str) -> None:
        self.oldest = oldest
        super().__init__("the log does not go on from this cursor: read how things stand, then go on from the oldest")


class Unreachable(ClientError):
    """Nothing came for now; trying again is right, in `seconds` where the server says so."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        self.seconds = seconds
        super().__init__(reason)
