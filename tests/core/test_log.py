import io
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog

from app.core.log import access_logger, configure_logging

KEY = "sk_live_abcdefghijkl_0123456789012345678901234567890000"


def logged(write: Callable[[], None]) -> list[dict[str, Any]]:
    """What `write` logs, read back."""
    stream, stdout, handlers = io.StringIO(), sys.stdout, logging.root.handlers
    sys.stdout = stream
    configure_logging()
    try:
        write()
    finally:
        sys.stdout, logging.root.handlers = stdout, handlers
        structlog.reset_defaults()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_keys_are_never_logged() -> None:
    (line,) = logged(lambda: structlog.get_logger().info("x", key=KEY, text=f"with {KEY} inside", authorization=KEY))
    assert "0123456789" not in json.dumps(line)
    assert line["key"] == "[redacted]"
    assert line["text"] == "with sk_live_abcdefghijkl_… inside"


def test_an_exception_is_logged_without_its_message() -> None:
    def fail() -> None:
        try:
            try:
                raise asyncpg.UniqueViolationError("Key (matricule)=(Ndiaye) already exists")
            except asyncpg.UniqueViolationError as error:
                raise RuntimeError("about Ndiaye") from error
        except RuntimeError:
            structlog.get_logger().exception("failed")

    (line,) = logged(fail)
    outer, inner = line["error"]
    assert outer["type"] == "builtins.RuntimeError"
    assert inner["sqlstate"] == "23505"
    assert "test_log.py" in outer["at"][-1]
    assert "Ndiaye" not in json.dumps([outer["type"], inner["type"], line["event"]])


def test_the_standard_librarys_lines_look_the_same() -> None:
    (line,) = logged(lambda: logging.getLogger("asyncpg").warning("%s of %s", 1, 2))
    assert (line["event"], line["logger"], line["level"]) == ("1 of 2", "asyncpg", "warning")
    assert line["timestamp"].endswith("Z")


def test_a_request_line_is_one_json_object() -> None:
    (line,) = logged(lambda: access_logger().info("request", status=200))
    assert (line["event"], line["status"]) == ("request", 200)
