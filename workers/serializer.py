"""JSON between enqueuer and worker. ARQ's own choice, pickle, lets whoever writes to Valkey run code here."""

from typing import Any

import orjson


def serialize(job: dict[str, Any]) -> bytes:
    """Arguments are strings, numbers, booleans, null, lists and objects; a UUID or a date becomes a string."""
    return orjson.dumps(_without_exceptions(job))


def deserialize(data: bytes) -> dict[str, Any]:
    return dict(orjson.loads(data))


def _without_exceptions(job: dict[str, Any]) -> dict[str, Any]:
    """ARQ puts the exception of a failed job in its result; only its type may leave the process."""
    return {name: type(value).__name__ if isinstance(value, BaseException) else value for name, value in job.items()}
