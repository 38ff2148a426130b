"""`skooly audit search`: who saw this student, when, through which key."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.chosen_school import SchoolOption, choose_school
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.steps import say
from app.cli.tables import print_table
from app.core.actor import NOWHERE, Actor
from app.core.database import Database, Wall
from app.core.ids import new_id
from app.domains.audit.searching import AuditRecord, Search, search_audit
from app.domains.partners.audit import record_audit
from app.domains.partners.service import find_partner
from app.domains.partners.tables import School
from app.domains.students.service import require_student

OPERATION = "skooly audit search"


def search(
    matricule: Annotated[str | None, typer.Option(help="Only what concerned this student.")] = None,
    key: Annotated[str | None, typer.Option(help="Only what was asked with the key of this id.")] = None,
    partner: Annotated[str | None, typer.Option(help="Only what this partner asked.")] = None,
    operation: Annotated[str | None, typer.Option(help="Only this operation.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only graphql, rest or cli.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this moment on, in the school's time zone.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this moment, in the school's time zone.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest first.", min=1, max=1000)] = 100,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who saw or changed whose data, the newest first. Searching by student is itself recorded."""
    names = {"matricule": matricule, "partner": partner}
    asked = {"key_id": key, "operation": operation, "channel": channel}
    with open_instance(data) as settings:
        run = _search(settings.database_url, school, names, asked, (since, until), limit)
        rows = [_shown(record, zone) for record, zone in asyncio.run(run)]
    if as_json:
        print(json.dumps({"entries": rows}, ensure_ascii=False))
    elif rows:
        print_table(("at", "partner", "key_id", "channel", "operation", "students", "request_id"), rows)
    else:
        say("Nothing was recorded that is like this.")


async def _search(
    url: str,
    code: str | None,
    names: dict[str, str | None],
    asked: Mapping[str, Any],
    between: tuple[datetime | None, datetime | None],
    limit: int,
) -> Sequence[tuple[AuditRecord, ZoneInfo]]:
    async with Database(url) as database:
        school = await choose_school(database, code)
        zone = ZoneInfo(school.timezone)
        since, until = (at and at.replace(tzinfo=zone) for at in between)
        async with database.transaction(Wall.app(school.id)) as session:
            search = await _named(session, names, Search(**asked, since=since, until=until))
            page = await search_audit(session, search, first=limit, after=None)
            if search.subject is not None:
                await _record(session, school, search.subject)
    return [(record, zone) for record in page.items]


async def _named(session: AsyncSession, names: dict[str, str | None], search: Search) -> Search:
    """The search, with those whom it names. Raises StudentNotFound, PartnerNotFound."""
    if names["matricule"] is not None:
        search = replace(search, subject=(await require_student(session, names["matricule"])).id)
    if names["partner"] is not None:
        search = replace(search, partner_id=(await find_partner(session, names["partner"])).id)
    return search


async def _record(session: AsyncSession, school: School, student: UUID) -> None:
    """Whoever sits at the server has no key; that somebody looked is recorded all the same."""
    operator = Actor(school.id, school.code, school.timezone, NOWHERE, "", "cli", frozenset())
    await record_audit(session, operator, request_id=new_id(), operation=OPERATION, channel="cli", subjects=[student])


def _shown(record: AuditRecord, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "request_id": str(record.request_id),
        "at": record.at.astimezone(zone).isoformat(timespec="seconds"),
        "operation": record.operation,
        "channel": record.channel,
        "partner": record.partner,
        "key_id": record.key_id,
        "students": len(record.subjects),
    }
