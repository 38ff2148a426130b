"""`skooly events`: the log of a school as its partners see it, with a partner's key; and its epochs, for operators."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from app.cli.failure import CommandFailed
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.steps import say
from app.client import ClientError, CursorFile, CursorStore, Event, EventLog, Follower, Forgetful, LogGap, Unreachable
from app.core.database import Database
from app.domains.events.epochs import open_epochs

LONGEST_DATA = 160

events = typer.Typer(help="What happens in a school, as its partners are told.", no_args_is_help=True)


@events.command()
def tail(
    key: Annotated[
        str, typer.Option(envvar="SKOOLY_KEY", help="The partner's key; best in SKOOLY_KEY, out of everybody's sight.")
    ],
    url: Annotated[str | None, typer.Option(help="Where the API is; this machine's instance when left out.")] = None,
    after: Annotated[str | None, typer.Option(help="Go on after this cursor; from now on when left out.")] = None,
    cursor_file: Annotated[
        Path | None, typer.Option(help="Note there how far it got, and go on from there the next time.")
    ] = None,
    topics: Annotated[str, typer.Option(help="Only these, separated by commas: student.created,wallet.low.")] = "",
    oldest: Annotated[bool, typer.Option("--oldest", help="Begin with the oldest event that is kept.")] = False,
    poll: Annotated[bool, typer.Option("--poll", help="Ask for pages instead of keeping a stream open.")] = False,
    count: Annotated[int | None, typer.Option(help="End after so many events.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    data: DataOption = None,
) -> None:
    """Show events as they happen, until Ctrl-C. It survives restarts of the server, and says so."""
    cursors = _cursors(after, cursor_file)
    wanted = [each.strip() for each in topics.split(",") if each.strip()]
    show = _print_json if as_json else _print_line(Console(highlight=False))
    with EventLog(url or _own_url(data), key) as log:
        follower = Follower(
            log,
            cursors,
            topics=wanted,
            channel="poll" if poll else "stream",
            start="oldest" if oldest else "now",
            on_trouble=_tell,
        )
        try:
            for number, event in enumerate(follower, 1):
                show(event)
                if number == count:
                    cursors.write(event.cursor)
                    return
        except LogGap as gap:
            raise CommandFailed(f"{gap}. That is: --after {gap.oldest}") from None
        except ClientError as failure:
            raise CommandFailed(f"{failure} Check the key with: ./skooly keys list") from None


@events.command(name="new-epoch")
def new_epoch(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Open a new epoch of every school's log, before anything is written to a database that was put back by hand.

    A restored dump or copy, a promoted standby and a restarted server are noticed without it. It loses nothing:
    readers go on, and those who had read further than the log now goes are told of a gap.
    """

    async def run(url: str) -> int:
        async with Database(url) as database:
            return await open_epochs(database)

    with open_instance(data) as settings:
        opened = asyncio.run(run(settings.database_url))
    print(json.dumps({"schools": opened}) if as_json else f"New epochs: {opened} schools.")


def _cursors(after: str | None, file: Path | None) -> CursorStore:
    if file is None:
        return Forgetful(after)
    cursors = CursorFile(file)
    if after is not None:
        cursors.write(after)
    return cursors


def _own_url(data: Path | None) -> str:
    with open_instance(data) as settings:
        return settings.public_url


def _tell(trouble: Unreachable) -> None:
    say(f"{trouble}; trying again")


def _print_json(event: Event) -> None:
    print(json.dumps(asdict(event), default=str, ensure_ascii=False), flush=True)


def _print_line(console: Console) -> Callable[[Event], None]:
    def show(event: Event) -> None:
        data = json.dumps(event.data, ensure_ascii=False)
        shortened = data if len(data) <= LONGEST_DATA else f"{data[:LONGEST_DATA]}…"
        time = f"{event.occurred_at:%H:%M:%S}"
        console.print(Text.assemble((time, "dim"), " ", (event.topic, "bold cyan"), " ", shortened), soft_wrap=True)

    return show
