"""Kills a platform at random under load and counts what was lost.

    python -m bench.faults [--scale 20] [--only workers,api,valkey,postgres] [--seed 1]

`--scale 1` has the counts that are promised (200 kills of workers and of the API, 50 of PostgreSQL and of Valkey, 20
FLUSHALL, SIGSTOP and SIGTERM each, 100,000 events); 20 a twentieth of each. Ends with status 1 where anything that
was acknowledged is lost, or a key had two effects.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.steps import bar, console
from bench.faults.ledgers import read_got, read_told
from bench.faults.load import acknowledgements_of
from bench.faults.outcome import drained, read_committed
from bench.faults.parties import Parties, parties
from bench.faults.plan import FULL_EVENTS, PARTS, Fault, counts, shuffled
from bench.faults.platform import CHECKED_SECONDS, Platform
from bench.faults.report import report
from bench.faults.verdict import judge

TIMEOUT_SECONDS = 3
"""Of the endpoint."""
STOPPED_SECONDS = TIMEOUT_SECONDS + 30 + 2
STEADY_ACKNOWLEDGEMENTS = 5
"""Between two faults: each falls on a platform that works."""
DRAIN_SECONDS = 600
STUCK_SECONDS = 120
"""Without one more acknowledgement, whatever was done to the platform, it will not come back by itself."""


class Stuck(Exception):
    """The platform acknowledges nothing any more; its logs, kept by --data, say why."""


def main() -> None:
    given = _arguments()
    chosen = counts(given.scale, given.only)
    with (
        _place(given.data) as root,
        Platform(root / "data", STOPPED_SECONDS) as platform,
        parties(root, platform, TIMEOUT_SECONDS) as both,
    ):
        began = time.monotonic()
        struck = _strike_all(platform, both, shuffled(chosen, given.seed))
        events = FULL_EVENTS // given.scale if given.events is None else given.events
        _press_on(platform, both, acknowledgements_of(events))
        met = _stop_load(platform, both)
        _drain(platform)
        committed = asyncio.run(read_committed(platform.dsn))
        verdict = judge(read_told(both.told), read_got(both.got), committed)
        right = report(struck, met, committed, verdict, time.monotonic() - began)
    sys.exit(0 if right else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=20, help="the counts are divided by it; default 20")
    parser.add_argument("--only", type=_parts, default=frozenset(PARTS), help=",".join(PARTS))
    parser.add_argument("--events", type=int, help="at least so many; default 100,000 divided by the scale")
    parser.add_argument("--data", type=Path, help="an empty directory, where ledgers, logs and database are kept")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    given = parser.parse_args()
    console.print(f"seed {given.seed}")
    return given


@contextmanager
def _place(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="skooly-faults-") as folder:
        yield Path(folder)


def _parts(listed: str) -> frozenset[str]:
    parts = frozenset(listed.split(","))
    if not parts <= set(PARTS):
        raise argparse.ArgumentTypeError(f"parts are {', '.join(PARTS)}")
    return parts


def _strike_all(platform: Platform, both: Parties, faults: list[Fault]) -> Counter[Fault]:
    """One after another, each some acknowledgements after the one before."""
    struck: Counter[Fault] = Counter()
    with bar("Faults") as progress:
        for number, fault in enumerate(faults, start=1):
            _press_on(platform, both, both.acknowledged + STEADY_ACKNOWLEDGEMENTS + random.randrange(20))
            while not platform.strike(fault):
                _tend(platform, both)
            struck[fault] += 1
            progress(number, len(faults))
        while platform.anybody_stopped:
            _tend(platform, both)
    return struck


def _press_on(platform: Platform, both: Parties, until: int) -> None:
    """Raises Stuck."""
    seen, since = both.acknowledged, time.monotonic()
    while seen < until:
        _tend(platform, both)
        if (now := both.acknowledged) > seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() > since + STUCK_SECONDS:
            raise Stuck(f"{seen} acknowledged, and no more for {STUCK_SECONDS} s")


def _tend(platform: Platform, both: Parties) -> None:
    both.check()
    platform.tend()
    time.sleep(CHECKED_SECONDS)


def _stop_load(platform: Platform, both: Parties) -> dict[str, int]:
    """What the load met, once everything that it had begun is acknowledged. Raises Stuck."""
    both.stop_load()
    give_up = time.monotonic() + STUCK_SECONDS
    while both.load_runs:
        if time.monotonic() > give_up:
            raise Stuck(f"what was begun is not acknowledged after {STUCK_SECONDS} s")
        platform.tend()
        time.sleep(CHECKED_SECONDS)
    return both.met()


def _drain(platform: Platform) -> None:
    """Until nothing is on its way any more, or for DRAIN_SECONDS: what is left is told as unsent."""
    give_up = time.monotonic() + DRAIN_SECONDS
    with bar("Drain"):
        while time.monotonic() < give_up and not asyncio.run(drained(platform.dsn)):
            platform.tend()
            time.sleep(1)


if __name__ == "__main__":
    main()
