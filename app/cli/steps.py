"""What a command is doing, on standard error: standard output is for its answer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(stderr=True, highlight=False)


@contextmanager
def step(doing: str) -> Iterator[None]:
    """A spinner while it lasts on a terminal, and one line with its time at the end."""
    started = time.monotonic()
    try:
        with console.status(doing):
            yield
    except BaseException:
        console.print(f"[red]✗[/] {doing}")
        raise
    console.print(f"[green]✓[/] {doing} [dim]{time.monotonic() - started:.1f} s[/]")


def say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
