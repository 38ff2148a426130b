"""Turns whatever a resolver raised into one of the named failures; what has no name becomes INTERNAL.

Only a named failure's own words leave the house: texts of PostgreSQL and Python quote values and show structure.
"""

from collections.abc import Iterator
from uuid import UUID

import asyncpg
from sqlalchemy import exc as sqlalchemy_errors

from app.api.errors import Internal, Timeout
from app.core.errors import SkoolyError, Unavailable

TIMED_OUT = frozenset({"57014", "25P03", "25P04"})
"""query_canceled (statement_timeout), idle_in_transaction_session_timeout, transaction_timeout."""
AGAIN_LATER = frozenset({"57P01", "57P02", "57P03", "55P03", "40001", "40P01"})
"""Shutting down, starting up, lock_not_available, serialization_failure, deadlock_detected."""
AGAIN_LATER_CLASSES = ("08", "53")
"""Connection exceptions and insufficient resources."""


def name_failure(error: BaseException, request_id: UUID) -> SkoolyError:
    """The named failure to answer with. `Internal` means: nobody foresaw it, log it with its traceback."""
    for cause in _causes(error):
        if isinstance(cause, SkoolyError):
            return cause
        sqlstate = getattr(cause, "sqlstate", None)
        if sqlstate in TIMED_OUT:
            return Timeout()
        if _says_again_later(cause, sqlstate):
            return Unavailable()
    return Internal(request_id=request_id)


def _says_again_later(cause: BaseException, sqlstate: str | None) -> bool:
    if sqlstate is not None:
        return sqlstate in AGAIN_LATER or sqlstate.startswith(AGAIN_LATER_CLASSES)
    if type(cause) is asyncpg.InternalClientError:  # the server went in mid-answer; its kinds say something else
        return True
    if isinstance(cause, asyncpg.InterfaceError):  # also raised for mistakes of ours, which are no outage
        return "closed" in str(cause)
    return isinstance(cause, ConnectionError | TimeoutError | sqlalchemy_errors.TimeoutError)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, outermost first."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        original = getattr(following, "original_error", None) or getattr(following, "orig", None)
        following = original if isinstance(original, BaseException) else following.__cause__
