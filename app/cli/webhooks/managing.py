"""Endpoints: looked at, made, changed, tried."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.chosen_school import SchoolOption
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.webhooks.running import EVERYBODY, in_school, run
from app.cli.webhooks.shown import endpoint_row, moment, print_rows, print_secret
from app.core.crypto import Vault
from app.core.pagination import LARGEST_PAGE
from app.delivery.dialling import make_destinations
from app.domains.partners.service import find_partner
from app.domains.partners.tables import School
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import list_endpoints
from app.domains.webhooks.records import EndpointRecord
from app.domains.webhooks.service import (
    NewEndpoint,
    create_endpoint,
    delete_endpoint,
    pause_endpoint,
    resume_endpoint,
    rotate_secret,
    send_test_event,
    unseal,
)

Change = Callable[[AsyncSession, Owner, UUID], Awaitable[EndpointRecord]]
EndpointArgument = Annotated[UUID, typer.Argument(help="The endpoint's id, as ./skooly webhooks endpoints shows it.")]
COLUMNS = ("id", "partner", "url", "status", "disabled_reason", "topics", "payload", "breaker")


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

    rows = [endpoint_row(each) for each in in_school(data, school, read)]
    empty = "This school has no endpoint yet. Make one with ./skooly webhooks create."
    print_rows("endpoints", COLUMNS, rows, as_json, empty)


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

        record, secret = asyncio.run(run(settings, school, make))
    print_secret(secret, endpoint_row(record), as_json)


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

        secret, until = asyncio.run(run(settings, school, change))
    print_secret(secret, {"id": str(endpoint), "old_until": moment(until)}, as_json)


def pause(
    endpoint: EndpointArgument, school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Hold what is on its way to an endpoint, and what comes."""
    _change(pause_endpoint, endpoint, school, data, as_json)


def resume(
    endpoint: EndpointArgument, school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Send again; one that had been disabled catches up with what it missed."""
    _change(resume_endpoint, endpoint, school, data, as_json)


def delete(
    endpoint: EndpointArgument, school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Delete an endpoint and its secrets, and cancel what is on its way."""
    _change(delete_endpoint, endpoint, school, data, as_json, done="deleted")


def test(
    endpoint: EndpointArgument, school: SchoolOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Send an event endpoint.tested to this endpoint alone."""
    _change(send_test_event, endpoint, school, data, as_json, done="tested")


def _change(
    service: Change, endpoint: UUID, school: str | None, data: Path | None, as_json: bool, done: str | None = None
) -> None:
    row = endpoint_row(in_school(data, school, lambda session, _: service(session, EVERYBODY, endpoint)))
    print(json.dumps(row, ensure_ascii=False) if as_json else f"{row['id']} {done or row['status']}")


def _split(listed: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (listed or "").split(",") if part.strip())
