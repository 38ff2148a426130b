"""School years: as the API shows them, and making, changing and closing them."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry import UNSET, argument

from app.core.clock import today
from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.node import Node, later_node_id
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students import commands
from app.domains.students.records import SchoolYearRecord
from app.domains.students.schema.failures import (
    CodeTakenFailure,
    SchoolYearInvalidFailure,
    SchoolYearNotFoundFailure,
)
from app.domains.students.schema.studies import in_zone

_of_year = any_scope([Scope.SCHOOL_YEARS_READ, Scope.SCHOOL_YEARS_WRITE])
_writes = any_scope([Scope.SCHOOL_YEARS_WRITE])


def _closed_at(root: "SchoolYear", info: Info) -> datetime | None:
    return in_zone(root.closed, info)


def _running(root: "SchoolYear", info: Info) -> bool:
    return root.starts_on <= today(info.context.clock, info.context.actor.timezone) <= root.ends_on


@strawberry.type(description="From when to when a school teaches.")
class SchoolYear(Node):
    id: strawberry.Private[UUID]
    closed: strawberry.Private[datetime | None]
    node_id: strawberry.ID = later_node_id(_of_year, "SchoolYear")
    code: str = _of_year(description="Its code, unique in the school.", example="2024-2025")
    starts_on: date = _of_year(description="First day, inclusive.", example="2024-10-01")
    ends_on: date = _of_year(description="Last day, inclusive, on any day of a month.", example="2025-07-15")
    running: bool = _of_year(
        description="Whether today, in the school's time zone, lies in it.", example=True, resolver=_running
    )
    closed_at: datetime | None = _of_year(
        description="Since when it takes no more enrolments, in the school's time zone; null while it does.",
        example="2025-07-15T18:00:00+00:00",
        resolver=_closed_at,
    )

    @classmethod
    def of(cls, record: SchoolYearRecord) -> Self:
        return cls(
            id=record.id,
            closed=record.closed_at,
            code=record.code,
            starts_on=record.starts_on,
            ends_on=record.ends_on,
        )


CreateSchoolYearResult = Annotated[
    SchoolYear | CodeTakenFailure | SchoolYearInvalidFailure | InvalidInputFailure,
    strawberry.union("CreateSchoolYearResult", description="The new school year, or why there is none."),
]
UpdateSchoolYearResult = Annotated[
    SchoolYear | SchoolYearNotFoundFailure | SchoolYearInvalidFailure | InvalidInputFailure,
    strawberry.union("UpdateSchoolYearResult", description="The school year as changed, or why not."),
]
CloseSchoolYearResult = Annotated[
    SchoolYear | SchoolYearNotFoundFailure | InvalidInputFailure,
    strawberry.union("CloseSchoolYearResult", description="The closed school year, or why not."),
]


def _code(description: str) -> str:
    code: str = _writes(description=description, example="2024-2025", form=IDENTIFIER)
    return code


@strawberry.input(description="A school year to create.")
class CreateSchoolYearInput:
    code: str = _code("Its code, unique in any case.")
    starts_on: date = _writes(description="First day, inclusive.", example="2024-10-01")
    ends_on: date = _writes(description="Last day, inclusive: two years later at most.", example="2025-07-15")


@strawberry.input(description="What to change about a school year; what is not given, or null, stays as it is.")
class UpdateSchoolYearInput:
    code: str = _code("Its code, in any case.")
    starts_on: date | None = _writes(
        description="First day, inclusive.", example="2024-10-01", optional=True, default=UNSET
    )
    ends_on: date | None = _writes(
        description="Last day, inclusive: two years later at most.",
        example="2025-07-15",
        optional=True,
        default=UNSET,
    )
    closed: bool | None = _writes(
        description="Whether it takes no more enrolments; false opens it again.", optional=True, default=UNSET
    )


@strawberry.input(description="A school year that takes no more enrolments.")
class CloseSchoolYearInput:
    code: str = _code("Its code, in any case.")


async def _change(info: Info, operation: str, key: str | None, asked: dict[str, Any], change: Any) -> SchoolYear:
    made = await perform_once(
        info.context,
        operation,
        key,
        asked,
        lambda session: change(session, info.context.actor, **asked),
        SchoolYearRecord,
        concerns=lambda _: [],
    )
    return SchoolYear.of(made)


@expected(CreateSchoolYearResult)
async def _create_school_year(
    info: Info,
    input: Annotated[CreateSchoolYearInput, argument(description="The school year.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateSchoolYearResult:
    return await _change(info, "createSchoolYear", idempotency_key, plain(input), commands.create_school_year)


@expected(UpdateSchoolYearResult)
async def _update_school_year(
    info: Info,
    input: Annotated[UpdateSchoolYearInput, argument(description="Which school year, and what changes.")],
    idempotency_key: IdempotencyKey = None,
) -> UpdateSchoolYearResult:
    return await _change(info, "updateSchoolYear", idempotency_key, plain(input), commands.update_school_year)


@expected(CloseSchoolYearResult)
async def _close_school_year(
    info: Info,
    input: Annotated[CloseSchoolYearInput, argument(description="Which school year.")],
    idempotency_key: IdempotencyKey = None,
) -> CloseSchoolYearResult:
    return await _change(info, "closeSchoolYear", idempotency_key, plain(input), commands.close_school_year)


@strawberry.type
class YearMutation:
    create_school_year: CreateSchoolYearResult = scoped(
        Scope.SCHOOL_YEARS_WRITE, description="Makes a school year.", resolver=_create_school_year, cost=10
    )
    update_school_year: UpdateSchoolYearResult = scoped(
        Scope.SCHOOL_YEARS_WRITE,
        description="Changes the days of a school year, and of enrolments that begin or end with it; opens it again.",
        resolver=_update_school_year,
        cost=10,
    )
    close_school_year: CloseSchoolYearResult = scoped(
        Scope.SCHOOL_YEARS_WRITE,
        description="Closes a school year: it takes no more enrolments, and those it has stay.",
        resolver=_close_school_year,
        cost=10,
    )
