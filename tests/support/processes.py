"""Waiting for processes and conditions, with a limit and without fixed sleeps."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Returns as soon as `condition` holds; fails the test after `seconds`."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"not true within {seconds} s"
        await asyncio.sleep(0.01)


def is_alive(process: int) -> bool:
    """Whether it runs; a zombie that nobody has collected yet does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(process: int) -> list[int]:
    """Every process below `process`, children first."""
    found = []
    for child in _children(process):
        found += [child, *descendants(child)]
    return found


def _children(process: int) -> list[int]:
    try:
        lists = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for text in lists for child in text.split()]
