"""Why a socket is closed from this side: a code that programs decide by, and a reason that says more."""

from collections.abc import Mapping
from enum import IntEnum

import orjson

from app.core.errors import SkoolyError
from app.domains.partners.errors import KeyAddressRefused, KeyExpired, KeyRefused, KeyRevoked

LONGEST_REASON = 123
"""Bytes: a close frame holds no more."""


class CloseCode(IntEnum):
    """Those of the protocol, and from 4410 to 4419 and 4430 on our own."""

    RESTARTING = 1012
    TRY_LATER = 1013
    BAD_MESSAGE = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    UNKNOWN_PROTOCOL = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE_ID = 4409
    SLOW_CONSUMER = 4410
    KEY_CHANGED = 4411
    TOO_MANY_INITS = 4429
    TOO_MANY_CONNECTIONS = 4430
    FAILED = 1011


class SocketClosed(Exception):
    """The socket ends. `why` is a word for programs; `after` is the cursor to subscribe again after, where one is
    known that leaves nothing out.
    """

    def __init__(self, code: CloseCode, why: str = "", after: str | None = None) -> None:
        self.code = code
        self.why = why or code.name
        self.after = after
        super().__init__(self.reason)

    @property
    def reason(self) -> str:
        """JSON; without the cursor where the two do not fit."""
        reason = {"code": self.why, "after": self.after} if self.after else {"code": self.why}
        text = orjson.dumps(reason)
        if len(text) > LONGEST_REASON:
            text = orjson.dumps({"code": self.why})
        return text[:LONGEST_REASON].decode()


_BY_CODE: Mapping[str, CloseCode] = {
    "SLOW_CONSUMER": CloseCode.SLOW_CONSUMER,
    "SHUTTING_DOWN": CloseCode.RESTARTING,
    "KEY_CHANGED": CloseCode.KEY_CHANGED,
    "TOO_MANY_CONNECTIONS": CloseCode.TOO_MANY_CONNECTIONS,
    "RATE_LIMITED": CloseCode.TRY_LATER,
    "UNAVAILABLE": CloseCode.TRY_LATER,
    "TIMEOUT": CloseCode.TRY_LATER,
    "CONFLICTING_KEYS": CloseCode.UNAUTHENTICATED,
}


def refusal_of(failure: SkoolyError) -> SocketClosed:
    """How a socket ends that is not opened for this failure. A key that once was good is forbidden, not unknown."""
    if isinstance(failure, KeyRevoked | KeyExpired | KeyAddressRefused):
        return SocketClosed(CloseCode.FORBIDDEN, failure.code)
    if isinstance(failure, KeyRefused):
        return SocketClosed(CloseCode.UNAUTHENTICATED, failure.code)
    return SocketClosed(_BY_CODE.get(failure.code, CloseCode.FAILED), failure.code)


def ending_of(failure: SkoolyError, after: str | None = None) -> SocketClosed | None:
    """How a socket ends that was open, for what ended its key or one of its streams; None where only that one ends."""
    if isinstance(failure, KeyRefused):
        return SocketClosed(CloseCode.FORBIDDEN, _word(failure), after)
    code = _BY_CODE.get(failure.code)
    return None if code in (None, CloseCode.TRY_LATER) else SocketClosed(code, failure.code, after)


def _word(failure: KeyRefused) -> str:
    """Who had the socket held the key: there is no secret in what became of that."""
    if isinstance(failure, KeyRevoked):
        return "KEY_REVOKED"
    return "KEY_EXPIRED" if isinstance(failure, KeyExpired) else failure.code
