"""Filling the demo school: everything in one transaction of the walled application, with its events."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.core.clock import Clock, today
from app.core.database import Database, RawConnection, Wall
from app.core.tables import Table
from app.demo.absences import draw_absences
from app.demo.badges import draw_badges
from app.demo.books import draw_books, validated_at
from app.demo.bulk import insert_rows
from app.demo.calendar import at, calendar_of
from app.demo.corrections import draw_corrections
from app.demo.draft import Draft, Told
from app.demo.fees import draw_fees
from app.demo.people import Frame, draw_people
from app.demo.schedules import draw_schedules
from app.demo.wallets import draw_wallets
from app.demo.zones import draw_zones
from app.domains.absences.tables import Absence
from app.domains.access.tables import Meal, Zone, ZoneProgramme, ZoneWindow
from app.domains.events.service import append_events_from
from app.domains.finance.credit_tables import CreditLine, CreditNote, Refund
from app.domains.finance.fee_tables import FeePart, FeeSchedule
from app.domains.finance.journal_tables import FiscalPeriod, FiscalYear, Journal, JournalEntry, JournalLine
from app.domains.finance.tables import Allocation, Instalment, Invoice, Payment, Wallet, WalletEntry
from app.domains.partners.errors import SchoolCodeTaken, SchoolNotFound
from app.domains.partners.service import create_school, find_school
from app.domains.partners.tables import Partner, School
from app.domains.students.tables import Badge, Enrolment, Programme, SchoolClass, SchoolYear, Student

CODE, NAME, TIMEZONE, CURRENCY = "DEMO", "Institut Skooly de démonstration", "Africa/Dakar", "XOF"
RECORDER = "Vie scolaire"
"""The partner who recorded the absences."""
LOCK = 0x44454D4F
SECONDS = 60
TIMEOUTS = ("statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
"""A slow machine may take longer over a bulk statement than a request is given, and another start waits for it."""

# What points comes after what it points to.
ORDER: tuple[type[Table], ...] = (
    *(Partner, SchoolYear, Programme, SchoolClass, Student, Enrolment, Badge, Zone, ZoneWindow, ZoneProgramme),
    *(FeeSchedule, FeePart, Invoice, Instalment, Payment, Allocation, CreditNote, CreditLine, Refund),
    *(Wallet, WalletEntry, Meal, Absence),
    *(FiscalYear, FiscalPeriod, Journal, JournalEntry, JournalLine),
)
# An operator's callback that comes twice is one payment.
MAY_COME_TWICE: dict[type[Table], str] = {Payment: "school_id, provider, reference"}

Progress = Callable[[int, int], None]
"""Told how many of how many rows and events are in."""


@dataclass(frozen=True, slots=True)
class DemoSchool:
    """`filled` is False where it was there already."""

    school: School
    filled: bool


async def fill(database: Database, clock: Clock, progress: Progress = lambda done, total: None) -> DemoSchool:
    """Makes the demo school where there is none, and fills it where it is empty. Raises Unavailable."""
    school = await _open(database)
    async with (
        Database(database.url, pool_size=1, answer_seconds=SECONDS + 5) as patient,
        patient.raw(Wall.app(school.id)) as connection,
    ):
        for name in TIMEOUTS:
            await connection.execute(f"SET LOCAL {name} = '{SECONDS}s'")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        if await connection.fetchval("SELECT true FROM student LIMIT 1"):
            return DemoSchool(school, filled=False)
        await _write(connection, school.id, draw(clock), progress)
    return DemoSchool(school, filled=True)


async def _open(database: Database) -> School:
    """A start that was broken off may have left an empty school."""
    try:
        return await find_school(database, CODE)
    except SchoolNotFound:
        with suppress(SchoolCodeTaken):  # by another start, a moment ago
            await create_school(database, code=CODE, name=NAME, timezone=TIMEZONE, currency=CURRENCY)
        return await find_school(database, CODE)


def draw(clock: Clock) -> Draft:
    """Everything on paper. The same day gives the same rows, ids included."""
    draft, calendar = Draft(), calendar_of(today(clock, TIMEZONE))
    recorder = draft.make(Partner, at(calendar.years[0].starts_on), name=RECORDER)
    frame = Frame(draft, calendar)
    members = draw_people(draft, calendar, frame)
    draw_badges(draft, calendar, members)
    draw_zones(draft, calendar, frame)
    draw_fees(draft, calendar, members)
    draw_wallets(draft, calendar, members)
    draw_absences(draft, calendar, members, recorder)
    draw_books(draft, calendar)
    draw_schedules(draft, calendar, frame)
    draw_corrections(draft, calendar, members)
    return draft


async def _write(connection: RawConnection, school_id: UUID, draft: Draft, progress: Progress) -> None:
    events = draft.history()
    total = sum(len(rows) for rows in draft.rows.values()) + len(events)
    done = 0
    for table in ORDER:
        await insert_rows(connection, table, draft.rows[table], school_id, twice=MAY_COME_TWICE.get(table, ""))
        done += len(draft.rows[table])
        progress(done, total)
    await connection.execute("UPDATE journal_entry SET status = 'validated', validated_at = $1", validated_at())
    await _append(connection, events)
    progress(total, total)


async def _append(connection: RawConnection, events: list[Told]) -> None:
    columns: tuple[list[Any], ...] = (
        [told.topic.value for told in events],
        [told.subject for told in events],
        [orjson.dumps(told.facts).decode() for told in events],
        [told.occurred_at for told in events],
    )
    await append_events_from(
        connection, "SELECT * FROM unnest($1::text[], $2::uuid[], $3::jsonb[], $4::timestamptz[])", *columns
    )
