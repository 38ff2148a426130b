"""Log lines: one JSON object each, with the request's id, without keys and without personal data.

An exception is logged as its type, its SQLSTATE and the lines of code it came through, never as its message:
messages of PostgreSQL and of Python quote the values they choked on.
"""

import logging
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_KEY = re.compile(r"sk_(live|test)_([0-9A-Za-z]{12})_[0-9A-Za-z]+")
_NEVER = frozenset({"authorization", "x-api-key", "api_key", "key", "password", "secret", "token", "variables"})
FRAMES = 25
PROJECT = str(Path(__file__).parents[2])
_LIBRARIES = "site-packages"


def configure_logging(*, level: str = "INFO", style: str = "json") -> None:
    """Sends structlog's lines and those of the standard library's loggers to standard output, alike.

    `style` is "json" or, for people, "console".
    """
    threshold = logging.getLevelName(level)
    structlog.configure(
        processors=[*_SHARED, _renderer(style)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_SHARED],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(style)],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(threshold)


def access_logger(style: str = "json") -> Any:
    """The logger of request lines: as above without what only other lines need, at half the price.

    Its callers pass nothing that would have to be redacted.
    """
    return structlog.wrap_logger(
        structlog.WriteLogger(sys.stdout),
        processors=[_TIMESTAMP, _renderer(style)],
        wrapper_class=structlog.BoundLogger,
    )


def _renderer(style: str) -> Processor:
    if style == "console":
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer(serializer=_to_json)


def _to_json(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drops values that must never be logged and shortens keys in texts to their public part."""
    for name, value in event.items():
        if name.lower() in _NEVER:
            event[name] = "[redacted]"
        elif isinstance(value, str) and "sk_" in value:
            event[name] = _KEY.sub(r"sk_\1_\2_…", value)
    return event


def describe_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replaces `exc_info` by `error`: a list from the exception to its causes."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = [_describe(each) for each in _chain(error)]
    return event


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return chain


def _describe(error: BaseException) -> dict[str, Any]:
    frames = _ours(traceback.extract_tb(error.__traceback__))
    described: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
    if sqlstate := getattr(error, "sqlstate", None):
        described["sqlstate"] = sqlstate
    described["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}: {frame.line}" for frame in frames]
    return described


def _ours(frames: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """The frames of this project, and the innermost one, which is where it was raised."""
    ours = [each for each in frames[:-1] if each.filename.startswith(PROJECT) and _LIBRARIES not in each.filename]
    return [*ours[-FRAMES:], *frames[-1:]]


_TIMESTAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)
_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    _TIMESTAMP,
    describe_exception,
    redact,
]
