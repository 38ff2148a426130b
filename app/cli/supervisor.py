"""Keeps the API and the worker running, as children that die with this process."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.cli.data_directory import CHECKOUT
from app.embedded.child import before_exec, myself

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
GRACE_SECONDS = 6.0
TAIL_LINES = 12


@dataclass
class Child:
    """A program that is to run as long as this process does."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    descriptors: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """SIGKILL when the parent dies: what counts is in PostgreSQL, and nothing may stay behind."""
        self.due, self.started = None, time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                pass_fds=self.descriptors,
                preexec_fn=before_exec(myself(), signal.SIGKILL),
            )

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])


@dataclass
class Supervisor:
    """`say` gets a sentence for each crash and each return; `revive` brings back servers that ended, by name."""

    children: Sequence[Child]
    say: Callable[[str], None]
    revive: Callable[[], list[str]] = list
    grace: float = GRACE_SECONDS

    def start(self) -> None:
        for child in self.children:
            child.start()

    def tend(self) -> None:
        """To be called a few times a second."""
        for name in self.revive():
            self.say(f"{name} had ended and was started again.")
        for child in self.children:
            if child.due is not None:
                self._start_when_due(child, child.due)
            elif not child.alive:
                self._schedule(child)

    def stop(self) -> None:
        """SIGTERM to all, then SIGKILL to those that need longer than a few seconds."""
        running = [(child.name, child.process) for child in self.children if child.process and child.alive]
        for _, process in running:
            process.terminate()
        give_up = time.monotonic() + self.grace
        for name, process in running:
            try:
                process.wait(max(0.0, give_up - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"The {name} did not leave within {self.grace:g} s and was killed.")
                process.kill()
                process.wait()

    def _schedule(self, child: Child) -> None:
        """Waits longer after each crash in a row; a child that ran for a while starts the row anew."""
        steady = time.monotonic() - child.started > STEADY_SECONDS
        child.pause = FIRST_PAUSE if steady else min(child.pause * 2, LONGEST_PAUSE)
        child.due = time.monotonic() + child.pause
        status = child.process.returncode if child.process else None
        self.say(f"The {child.name} ended ({_describe(status)}); again in {child.pause:.0f} s. Its log: {child.log}")

    def _start_when_due(self, child: Child, due: float) -> None:
        if time.monotonic() >= due:
            child.start()


def _describe(status: int | None) -> str:
    if status is not None and status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"status {status}"
