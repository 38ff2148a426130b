"""What a check found, in words for whoever runs the instance."""

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum

from redis.exceptions import RedisError

from app.cli.database_failure import explain
from app.core.database import FAILURES
from app.core.errors import SkoolyError


class State(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """`said` is what is; `advice` what to do, empty where nothing is to be done."""

    check: str
    state: State
    said: str
    advice: str = ""


def good(check: str, said: str) -> Finding:
    return Finding(check, State.GOOD, said)


def warning(check: str, said: str, advice: str) -> Finding:
    return Finding(check, State.WARNING, said, advice)


def bad(check: str, said: str, advice: str) -> Finding:
    return Finding(check, State.BAD, said, advice)


async def guarded(check: str, look: Awaitable[Finding]) -> Finding:
    """What `look` finds; a failure of the servers is a finding too, never a traceback."""
    try:
        return await look
    except (*FAILURES, SkoolyError, RedisError) as error:
        return bad(check, *_told(error))


def _told(error: Exception) -> tuple[str, str]:
    failure = explain(error)
    if isinstance(failure, SkoolyError):
        return failure.message("en"), "The message says what to do."
    said, _, advice = str(failure).partition("\n")
    return said or type(failure).__name__, advice or "Check that it runs, and its address."
