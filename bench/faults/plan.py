"""Which faults a run has, how many of each, and in which order."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    KILL_WORKER = "kill -9 of a worker"
    STOP_WORKER = "SIGSTOP of a worker past its leases, then SIGCONT"
    LEAVE_WORKER = "SIGTERM to a worker"
    KILL_API = "kill -9 of the API"
    LEAVE_API = "SIGTERM to the API"
    KILL_VALKEY = "kill -9 of Valkey"
    FLUSH_VALKEY = "FLUSHALL"
    KILL_POSTGRES = "kill -9 of PostgreSQL"


@dataclass(frozen=True, slots=True)
class Count:
    """How often in a full run, and in which part of a run with --only."""

    times: int
    part: str


FULL = {
    Fault.KILL_WORKER: Count(200, "workers"),
    Fault.STOP_WORKER: Count(20, "workers"),
    Fault.LEAVE_WORKER: Count(20, "workers"),
    Fault.KILL_API: Count(200, "api"),
    Fault.LEAVE_API: Count(20, "api"),
    Fault.KILL_VALKEY: Count(50, "valkey"),
    Fault.FLUSH_VALKEY: Count(20, "valkey"),
    Fault.KILL_POSTGRES: Count(50, "postgres"),
}
PARTS = ("workers", "api", "valkey", "postgres")
FULL_EVENTS = 100_000


def counts(scale: int, parts: frozenset[str]) -> dict[Fault, int]:
    """A full run has scale 1; at least one of each is left at any scale."""
    return {fault: -(-count.times // scale) for fault, count in FULL.items() if count.part in parts}


def shuffled(chosen: dict[Fault, int], seed: int) -> list[Fault]:
    """The same order for the same seed."""
    faults = [fault for fault, times in chosen.items() for _ in range(times)]
    random.Random(seed).shuffle(faults)
    return faults
