"""`skooly webhooks`: where events go, what became of them, and sending them again."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.chosen_school import SchoolOption, choose_school
from app.cli.failure import CommandFailed
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.ringing import open_database
from app.cli.steps import bar
from app.cli.webhooks_shown import delivery_row, endpoint_row, moment, print_queued, print_rows, print_secret
from app.core.clock import SystemClock
from app.core.crypto import Vault
from app.core.database import Wall
from app.core.pagination import LARGEST_PAGE
from app.delivery.dialling import make_destinations
from app.domains.partners.service import find_partner
from app.domains.partners.tables import School
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import DeliveryFilter, list_deliveries, list_endpoints
from app.domains.webhooks.records import DeliveryRecord, EndpointRecord, Queued
from app.domains.webhooks.resealing import Resealed
from app.domains.webhooks.resealing import reseal as reseal_all
from app.domains.webhooks.service import (
    NewEndpoint,
    ReplayFilter,
    create_endpoint,
    delete_endpoint,
    pause_endpoint,
    recover_deliveries,
    replay_deliveries,
    replay_delivery,
    resume_endpoint,
    rotate_secret,
    send_test_event,
    unseal,
)
from app.domains.webhooks.tables import STATES
from app.settings import Settings

webhooks = typer.Typer(help="Webhooks: endpoints, deliveries, replays.", no_args_is_help=True)

EVERYBODY = Owner()
Answer = TypeVar("Answer")
Work = Callable[[AsyncSession, School], Awaitable[Answer]]
More = Callable[[AsyncSession, School, UUID | None], Awaitable[Queued]]

EndpointArgument = Annotated[UUID, typer.Argument(help="The endpoint's id, as ./skooly webhooks endpoints shows it.")]
Since = Annotated[datetime, typer.Option(help="Events recorded since this moment, in the school's time zone.")]
State = Annotated[str, typer.Option(help=f"How far they are: {', '.join(STATES)}.")]


@webhooks.command()
def endpoints(school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """The endpoints of every integration of a school."""

    async def read(session: AsyncSession, where: School) -> list[EndpointRecord]:
        found: list[EndpointRecord] = []
        more = True
        while more:
            after = found[-1].id if found else None
            page = await list_endpoints(session, EVERYBODY, first=LARGEST_PAGE, after=after)
            found += page.items
            more = page.has_next
        return found

    rows = [endpoint_row(each) for each in _in_school(data, school, read)]
    empty = "This school has no endpoint yet. Make one with ./skooly webhooks create."
    print_rows("endpoints", ("id", "url", "status", "topics", "payload", "breaker"), rows, as_json, empty)


@webhooks.command()
def create(
    url: Annotated[str, typer.Argument(help="Where events are posted: https, a public host.")],
    partner: Annotated[str, typer.Option(help="The integration's name: it has a key that may read what it asks for.")],
    topics: Annotated[
        str | None,
        typer.Option(help="Separated by commas; all that its keys may read otherwise."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="All the facts of an event, not only identifiers.")] = False,
    long_tail: Annotated[bool, typer.Option("--long-tail", help="Try for three days more.")] = False,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an endpoint. Its secret is printed once and cannot be read again: keep it."""
    with open_instance(data) as settings:
        vault = Vault(settings.sealing_keys)
        target = asyncio.run(make_destinations(settings).check(url))
        payload = "full" if full else "thin"
        asked = NewEndpoint(target, topics=_split(topics), payload=payload, long_tail=long_tail)

        async def make(session: AsyncSession, _: School) -> tuple[EndpointRecord, str]:
            owner = await find_partner(session, partner)
            made = await create_endpoint(session, EVERYBODY, owner.id, asked, vault)
            return made.endpoint, unseal(vault, made)

        record, secret = asyncio.run(_run(settings, school, make))
    print_secret(secret, endpoint_row(record), as_json)


@webhooks.command()
def rotate(
    endpoint: EndpointArgument,
    overlap: Annotated[int, typer.Option(help="Hours for which the old secret signs too: 0 to 168.")] = 24,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an endpoint a new secret, printed once."""
    with open_instance(data) as settings:
        vault = Vault(settings.sealing_keys)

        async def change(session: AsyncSession, _: School) -> tuple[str, datetime | None]:
            made = await rotate_secret(session, EVERYBODY, endpoint, overlap_hours=overlap, vault=vault)
            return unseal(vault, made), made.old_until

        secret, until = asyncio.run(_run(settings, school, change))
    print_secret(secret, {"id": str(endpoint), "old_until": moment(until)}, as_json)


@webhooks.command()
def pause(
    endpoint: EndpointArgument, school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Hold what is on its way to an endpoint, and what comes."""
    _change(pause_endpoint, endpoint, school, data, as_json)


@webhooks.command()
def resume(
    endpoint: EndpointArgument, school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Send again; one that had been disabled catches up with what it missed."""
    _change(resume_endpoint, endpoint, school, data, as_json)


@webhooks.command()
def delete(
    endpoint: EndpointArgument, school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Delete an endpoint and its secrets, and cancel what is on its way."""
    _change(delete_endpoint, endpoint, school, data, as_json, done="deleted")


@webhooks.command()
def test(
    endpoint: EndpointArgument, school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Send an event endpoint.tested to this endpoint alone."""
    _change(send_test_event, endpoint, school, data, as_json, done="tested")


@webhooks.command()
def deliveries(
    endpoint: Annotated[UUID | None, typer.Option(help="Only to this endpoint.")] = None,
    state: Annotated[str | None, typer.Option(help=f"Only those that are: {', '.join(STATES)}.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only of this type of event.")] = None,
    first: Annotated[int, typer.Option(help="How many.", min=1, max=LARGEST_PAGE)] = 20,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """The latest deliveries."""
    which = DeliveryFilter(endpoint, _states(state), topic)

    async def read(session: AsyncSession, _: School) -> list[DeliveryRecord]:
        return list((await list_deliveries(session, EVERYBODY, which, first=first)).items)

    rows = [delivery_row(each) for each in _in_school(data, school, read)]
    columns = ("id", "topic", "state", "attempts", "occurred_at")
    print_rows("deliveries", columns, rows, as_json, "No delivery is like this.")


@webhooks.command()
def replay(
    delivery: Annotated[str | None, typer.Argument(help="The delivery's id, or its webhook-id.")] = None,
    endpoint: Annotated[UUID | None, typer.Option(help="Instead of one: those of this endpoint that ended.")] = None,
    state: State = "exhausted",
    topic: Annotated[str | None, typer.Option(help="Only of this type of event.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only events recorded since this moment.")] = None,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send one delivery again, or those of an endpoint that ended in some way."""
    if (delivery is None) == (endpoint is None):
        raise typer.BadParameter("give either the id of a delivery or --endpoint")
    if delivery is not None:
        named = delivery

        async def again(session: AsyncSession, _: School) -> DeliveryRecord:
            return await replay_delivery(session, EVERYBODY, named)

        row = delivery_row(_in_school(data, school, again))
        print(json.dumps(row) if as_json else f"{row['id']} queued")
        return
    chosen, states = endpoint, _states(state)

    async def some(session: AsyncSession, where: School, after: UUID | None) -> Queued:
        assert chosen is not None
        which = ReplayFilter(states, topic, _in_zone(since, where))
        return await replay_deliveries(session, EVERYBODY, chosen, which, after=after)

    print_queued(_until_done(data, school, "Replaying", some), as_json)


@webhooks.command()
def recover(
    endpoint: EndpointArgument,
    since: Since,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send what an endpoint should have had since a moment and did not get. Again adds nothing."""

    async def some(session: AsyncSession, where: School, after: UUID | None) -> Queued:
        start = _in_zone(since, where)
        assert start is not None
        return await recover_deliveries(session, EVERYBODY, endpoint, since=start, now=SystemClock().now(), after=after)

    print_queued(_until_done(data, school, "Recovering", some), as_json)


@webhooks.command()
def reseal(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Seal secrets and headers anew under the newest of SKOOLY_SECRET_KEYS, in every school. Again does nothing.

    Every server and worker must have that key already.
    """

    async def run(settings: Settings, tell: Callable[[int, int], None]) -> Resealed:
        async with open_database(settings) as database:
            return await reseal_all(database, vault, tell)

    with open_instance(data) as settings, bar("Sealing anew") as tell:
        vault = Vault(settings.sealing_keys)
        done = asyncio.run(run(settings, tell))
    if as_json:
        print(json.dumps({"key_version": vault.newest, **asdict(done)}))
    else:
        print(f"{done.secrets} secrets and the headers of {done.headers} endpoints sealed under version {vault.newest}")
    if done.unreadable:
        raise CommandFailed(
            f"{done.unreadable} could not be opened: put the key they were sealed with back into SKOOLY_SECRET_KEYS, "
            "or rotate these endpoints' secrets (the log names them)."
        )


Change = Callable[[AsyncSession, Owner, UUID], Awaitable[EndpointRecord]]


def _change(
    service: Change, endpoint: UUID, school: str | None, data: Path | None, as_json: bool, done: str | None = None
) -> None:
    row = endpoint_row(_in_school(data, school, lambda session, _: service(session, EVERYBODY, endpoint)))
    print(json.dumps(row, ensure_ascii=False) if as_json else f"{row['id']} {done or row['status']}")


def _in_school(data: Path | None, school: str | None, work: Work[Answer]) -> Answer:
    with open_instance(data) as settings:
        return asyncio.run(_run(settings, school, work))


async def _run(settings: Settings, school: str | None, work: Work[Answer]) -> Answer:
    async with open_database(settings) as database:
        where = await choose_school(database, school)
        async with database.transaction(Wall.app(where.id)) as session:
            return await work(session, where)


def _until_done(data: Path | None, school: str | None, doing: str, some: More) -> int:
    """Calls `some` in transactions of its own until nothing is left, and returns how many were queued."""
    with open_instance(data) as settings, bar(doing) as tell:
        return asyncio.run(_repeat(settings, school, some, tell))


async def _repeat(settings: Settings, school: str | None, some: More, tell: Callable[[int, int], None]) -> int:
    async with open_database(settings) as database:
        where = await choose_school(database, school)
        done, queued = 0, Queued(0, more=True)
        while queued.more:
            async with database.transaction(Wall.app(where.id)) as session:
                queued = await some(session, where, queued.last)
            done += queued.count
            tell(done, done + queued.more)
    return done


def _states(state: str | None) -> tuple[str, ...]:
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"“{state}” is no state: {', '.join(STATES)}")
    return () if state is None else (state,)


def _split(listed: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (listed or "").split(",") if part.strip())


def _in_zone(at: datetime | None, school: School) -> datetime | None:
    return at.replace(tzinfo=ZoneInfo(school.timezone)) if at is not None and at.tzinfo is None else at
