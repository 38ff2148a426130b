"""Reading absences."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Chronology, Connection, First, Order, read_cursor
from app.core.graph.context import Info
from app.core.graph.extending import extends
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.absences.errors import OffsetMissing
from app.domains.absences.loaders import absences_of_students
from app.domains.absences.reads import AbsenceFilter, list_absences
from app.domains.absences.records import AbsenceRecord
from app.domains.absences.schema.recording import Absence
from app.domains.students.schema import Student

_to_read = any_scope([Scope.ABSENCES_READ])


@strawberry.input(description="Which absences. What is left out excludes nothing.")
class AbsenceFilterInput:
    matricule: str | None = _to_read(
        description="Of this student, in any case.",
        personal=True,
        example="2024/INF/0123",
        optional=True,
        form=IDENTIFIER,
    )
    since: datetime | None = _to_read(
        description="That last beyond this instant.", example="2025-01-13T00:00:00+00:00", optional=True
    )
    until: datetime | None = _to_read(
        description="That begin before this instant.", example="2025-01-14T00:00:00+00:00", optional=True
    )
    justified: bool | None = _to_read(description="That the school accepts, or does not.", example=False, optional=True)


async def _absences(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    order: Order = Chronology.oldest,
    filter: Annotated[AbsenceFilterInput | None, argument(description="Which absences; all where null.")] = None,
) -> Connection[Absence]:
    context, timezone = info.context, info.context.actor.timezone
    which = AbsenceFilter(**plain(filter)) if filter else AbsenceFilter()
    _with_offsets(which)
    name = f"absences {order.value} {which}"
    async with context.read() as session:
        page = await list_absences(
            session,
            first=page_size(first),
            after=read_cursor(context, name, after),
            which=which,
            newest=order is Chronology.newest,
        )
    context.saw(*(record.student_id for record in page.items))
    return Connection[Absence].of(
        context, name, page, show=lambda record: Absence.of(record, timezone), position=_position
    )


def _position(record: AbsenceRecord) -> Position:
    return Position(record.starts_at.astimezone(UTC), record.id)


def _with_offsets(which: AbsenceFilter) -> None:
    """Raises OffsetMissing: whose midnight would an instant without offset be?"""
    for name in ("since", "until"):
        moment: datetime | None = getattr(which, name)
        if moment is not None and moment.tzinfo is None:
            raise OffsetMissing(field=f"filter.{name}")


async def _absences_of(
    root: Student, info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection[Absence]:
    context, name = info.context, f"absences of {root.id}"
    page = await context.load(absences_of_students, (root.id, page_size(first), read_cursor(context, name, after)))
    return Connection[Absence].of(
        context,
        name,
        page,
        show=lambda record: Absence.of(record, context.actor.timezone),
        position=_position,
    )


@extends(Student)
class StudentAbsences:
    absences: Connection[Absence] = scoped(
        Scope.ABSENCES_READ,
        description="When the student was away, the latest first.",
        resolver=_absences_of,
        cost=2,
    )


@strawberry.type
class AbsenceQuery:
    absences: Connection[Absence] = scoped(
        Scope.ABSENCES_READ,
        description="The absences of the school, by the instant they begin.",
        resolver=_absences,
        cost=2,
    )
