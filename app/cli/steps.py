"""What a command is doing, on standard error: standard output is for its answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

console = Console(stderr=True, highlight=False)


@contextmanager
def step(doing: str) -> Iterator[None]:
    """A spinner while it lasts on a terminal, and one line with its time at the end."""
    with _told(doing), console.status(doing):
        yield


@contextmanager
def bar(doing: str) -> Iterator[Callable[[int, int], None]]:
    """The same for work that knows how far it is: call what it yields with the done and the total."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with _told(doing), Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(doing, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def _told(doing: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    except BaseException:
        console.print(f"[red]✗[/] {doing}")
        raise
    console.print(f"[green]✓[/] {doing} [dim]{time.monotonic() - started:.1f} s[/]")


def say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
