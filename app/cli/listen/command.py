"""The command line of `skooly webhooks listen`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

import typer

from app.cli.listen.forwarding import Forwarder
from app.cli.listen.reading import Log
from app.cli.listen.remembering import Memory, Notebook
from app.cli.listen.shown import Lines, Words
from app.core.clock import SystemClock
from app.core.outbound import Policy, read_url
from app.core.signing import SecretUnreadable, read_secret

SCHEDULE = "1,2,5,10"


class Start(StrEnum):
    """Where to begin."""

    LAST = "last"
    NOW = "now"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Asked:
    url: str
    key: str
    forward_to: str
    topics: Sequence[str]
    start: Start
    thin: bool
    schedule: Sequence[float]


def listen(
    forward_to: Annotated[str, typer.Option(help="Where your program listens: http://localhost:3000/skooly.")],
    key: Annotated[
        str, typer.Option(envvar="SKOOLY_API_KEY", help="Your API key; better in the environment than here.")
    ],
    url: Annotated[str, typer.Option(envvar="SKOOLY_URL", help="Skooly's address.")] = "http://127.0.0.1:8000",
    topics: Annotated[
        str | None, typer.Option(help="Only these, separated by commas: student.created,invoice.paid.")
    ] = None,
    start: Annotated[
        Start, typer.Option("--from", help="Go on from the last run (at first from now), from now, or from the oldest.")
    ] = Start.LAST,
    thin: Annotated[bool, typer.Option("--thin", help="Identifiers only, as thin endpoints get.")] = False,
    secret: Annotated[
        str | None, typer.Option(envvar="SKOOLY_WEBHOOK_SECRET", help="Sign with this whsec_…, not with one made here.")
    ] = None,
    retry: Annotated[str, typer.Option(help="Seconds before each further attempt.")] = SCHEDULE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Bring a partner's events to a program on this machine, signed as webhooks are, without any public URL.

    A program that is down is waited for; one that answers wrongly gets a few attempts, then the next event.
    """
    read_url(forward_to, Policy.development(frozenset({80, 443, 8443})))
    chosen = tuple(part.strip() for part in (topics or "").split(",") if part.strip())
    asked = Asked(url.rstrip("/"), key, forward_to, chosen, start, thin, _seconds(retry))
    notebook = Notebook(asked.url, key, forward_to, chosen)
    memory = notebook.read()
    if secret is not None:
        memory = replace(memory, secret=_checked(secret))
    asyncio.run(_listen(asked, notebook, memory, Lines() if as_json else Words()))


async def _listen(asked: Asked, notebook: Notebook, memory: Memory, shown: Lines | Words) -> None:
    async with Log(asked.url, asked.key, asked.topics, shown.waiting) as log:
        reader = await log.reader()
        if memory.cursor is None or asked.start is not Start.LAST:
            memory = replace(memory, cursor="" if asked.start is Start.OLDEST else await log.newest())
        notebook.write(memory)
        shown.begun(reader, asked.forward_to, memory.secret)
        forwarder = Forwarder(
            asked.forward_to,
            secret=read_secret(memory.secret),
            school=reader.school,
            thin=asked.thin,
            schedule=asked.schedule,
            clock=SystemClock(),
        )
        await _follow(log, forwarder, notebook, memory, shown)


async def _follow(log: Log, forwarder: Forwarder, notebook: Notebook, memory: Memory, shown: Lines | Words) -> None:
    """Until somebody stops it. Each event is finished, written down and shown before the next one begins."""
    while True:
        page = await log.next(memory.cursor or "")
        for event in page.events:
            async for attempt in forwarder.deliver(event):
                if attempt.again_in is None:
                    memory = notebook.reach(memory, event["cursor"])
                shown.attempted(attempt, event["cursor"])
        memory = notebook.reach(memory, page.cursor)


def _seconds(listed: str) -> tuple[float, ...]:
    try:
        schedule = tuple(float(each) for each in listed.split(","))
    except ValueError:
        raise typer.BadParameter(f"“{listed}” is no list of seconds like {SCHEDULE}") from None
    if not schedule or min(schedule) <= 0:
        raise typer.BadParameter("seconds are more than zero")
    return schedule


def _checked(secret: str) -> str:
    try:
        read_secret(secret)
    except SecretUnreadable:
        raise typer.BadParameter("a secret is whsec_ and the base64 of 24 to 64 bytes") from None
    return secret
