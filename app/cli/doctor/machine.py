"""This machine: Python, its time zones, the disk."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import available_timezones

from app.cli.doctor.findings import Finding, bad, good, warning

OLDEST = (3, 11)
GIB = 1024**3
LOW, EMPTY = 5 * GIB, 1 * GIB
"""Free bytes. Below `EMPTY` PostgreSQL may stop at any moment: nothing is acknowledged without a commit."""
SOME_ZONE = "Africa/Dakar"


def machine(where: Path) -> Iterator[Finding]:
    """`where` is a folder on the disk that fills up."""
    yield _python()
    yield _time_zones()
    yield disk(shutil.disk_usage(_existing(where)).free, where)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST:
        return bad("Python", version, "Run ./skooly with Python 3.11 or newer.")
    return good("Python", version)


def _time_zones() -> Finding:
    known = available_timezones()
    if SOME_ZONE not in known:
        return bad(
            "time zones", f"{len(known)} known, {SOME_ZONE} is not", "Run ./skooly setup: the wheel tzdata is missing."
        )
    return good("time zones", f"{len(known)} known")


def disk(free: int, where: Path) -> Finding:
    said = f"{free / GIB:.1f} GiB free at {where}"
    if free < EMPTY:
        return bad("disk", said, "Make room at once: without it nothing more is acknowledged.")
    if free < LOW:
        return warning("disk", said, "Make room before it fills up.")
    return good("disk", said)


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
