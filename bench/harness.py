"""Runs contenders against each other: servers up together, load in interleaved rounds, medians."""

import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import MakeRequest, Outcome, press
from bench.stage import tell

WARM_UP_SECONDS = 1.5
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Contender:
    """A server to measure. `module` has a `make()`; `statuses` are the only answers that count as right."""

    name: str
    module: str
    request: MakeRequest
    statuses: frozenset[int] = frozenset({200})


@dataclass(frozen=True)
class Plan:
    connections: int
    rounds: int
    seconds: float
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Measured:
    """One contender's rounds. `cpu` is in µs of the server's process for each request."""

    name: str
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    middle: list[float] = field(default_factory=list)
    worst: list[float] = field(default_factory=list)
    body_bytes: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def microseconds(self) -> float:
        return statistics.median(self.cpu)


class WrongAnswers(Exception):
    """A contender answered something else than it should: its figures would mean nothing."""


@dataclass
class _Running:
    contender: Contender
    address: tuple[str, int]
    process: subprocess.Popen[bytes]
    measured: Measured
    asked: int = 0

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


async def compare(contenders: Sequence[Contender], plan: Plan) -> list[Measured]:
    """Raises WrongAnswers."""
    with ExitStack() as stack:
        running = [stack.enter_context(_serve(contender, plan)) for contender in contenders]
        for each in running:
            tell(f"  warming up: {each.contender.name}")
            await _round(each, plan, WARM_UP_SECONDS)
        for number in range(plan.rounds):
            for each in running:
                before = each.cpu_seconds()
                outcome = await _round(each, plan, plan.seconds)
                _note(each.measured, outcome, each.cpu_seconds() - before)
                tell(
                    f"  round {number + 1} of {plan.rounds}: {each.contender.name}: {each.measured.rates[-1]:,.0f}/s, "
                    f"{each.measured.cpu[-1]:.0f} µs"
                )
        return [each.measured for each in running]


async def _round(each: _Running, plan: Plan, seconds: float) -> Outcome:
    try:
        outcome = await press(
            each.address, each.contender.request, connections=plan.connections, seconds=seconds, first=each.asked
        )
    except TimeoutError:
        raise WrongAnswers(f"{each.contender.name}: no answer at all") from None
    each.asked += outcome.requests
    wrong = set(outcome.statuses) - each.contender.statuses
    if wrong or not outcome.requests:
        counted = dict(outcome.statuses)
        raise WrongAnswers(
            f"{each.contender.name}: {counted}; for example {outcome.sample[:600].decode(errors='replace')}"
        )
    return outcome


def _note(measured: Measured, outcome: Outcome, cpu_seconds: float) -> None:
    measured.rates.append(outcome.requests / outcome.seconds)
    measured.cpu.append(cpu_seconds / outcome.requests * 1e6)
    measured.middle.append(outcome.percentile(0.50))
    measured.worst.append(outcome.percentile(0.99))
    measured.body_bytes = len(outcome.sample.partition(b"\r\n\r\n")[2])


@contextmanager
def _serve(contender: Contender, plan: Plan) -> Iterator[_Running]:
    """The socket listens before the server does: nobody has to wait for it."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.server", contender.module, str(listener.fileno()), _free_cpu()],
            env={**os.environ, **plan.environment},
            stdout=subprocess.DEVNULL,
            pass_fds=(listener.fileno(),),
        )
        try:
            yield _Running(contender, listener.getsockname(), process, Measured(contender.name))
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_cpu() -> str:
    """The processor left free by the stage, which has taken the other for itself."""
    own = os.sched_getaffinity(0)
    free = sorted(set(range(os.cpu_count() or 1)) - own)
    return str(free[0]) if free else "any"
