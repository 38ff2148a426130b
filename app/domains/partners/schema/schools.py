"""Schools, for keys of the platform. Nothing here reaches behind a school's wall but to its own row."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Info
from app.core.graph.failure import Failure, InvalidInputFailure, expected, failure
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER, Form
from app.domains.partners.errors import SchoolCodeTaken, SchoolNotFound, UnknownTimezone
from app.domains.partners.mutations import IdempotencyKey
from app.domains.partners.service import create_school, find_school, page_of_schools, update_school
from app.domains.partners.service.texts import LONGEST_NAME
from app.domains.partners.tables import School as Row

_CONNECTION = "schools"
_NAME = Form(LONGEST_NAME)
_of_school = any_scope(list(Scope))
_asked = any_scope([Scope.SCHOOLS_MANAGE])


@strawberry.type(description="A school: whose students, partners and keys stand behind one wall.")
class School:
    code: str = _of_school(description="What it is called in commands and addresses.", example="DEMO")
    name: str = _of_school(description="What people call it.", example="École de démonstration")
    timezone: str = _of_school(
        description="Its IANA time zone: due dates and meal times are read in it.", example="Africa/Porto-Novo"
    )
    currency: str = _of_school(description="Its currency (ISO 4217).", example="XOF")
    created_at: datetime = _of_school(description="When it was opened.", example="2025-01-13T09:00:00+00:00")

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(
            code=row.code, name=row.name, timezone=row.timezone, currency=row.currency, created_at=row.created_at
        )


@failure(SchoolCodeTaken, description="Another school has this code.")
class SchoolCodeTakenFailure(Failure):
    pass


@failure(SchoolNotFound, description="No school has this code.")
class SchoolNotFoundFailure(Failure):
    pass


@failure(UnknownTimezone, description="This is not the name of a time zone.")
class UnknownTimezoneFailure(Failure):
    pass


CreateSchoolResult = Annotated[
    School | SchoolCodeTakenFailure | UnknownTimezoneFailure | InvalidInputFailure,
    strawberry.union("CreateSchoolResult", description="The school, or why there is none."),
]
UpdateSchoolResult = Annotated[
    School | SchoolNotFoundFailure | UnknownTimezoneFailure | InvalidInputFailure,
    strawberry.union("UpdateSchoolResult", description="The school as it is now, or why it was not changed."),
]


@strawberry.input(description="A school to open.")
class CreateSchoolInput:
    code: str = _asked(
        description="A short code without spaces, unique on this server; in upper case.",
        example="LYCEE-DAKAR",
        form=IDENTIFIER,
    )
    name: str = _asked(description="What people call it.", example="Lycée Moderne", form=_NAME)
    timezone: str = _asked(description="An IANA time zone.", example="Africa/Dakar", form=IDENTIFIER)
    currency: str = _asked(description="Its currency (ISO 4217).", example="XOF", form=Form(3))


@strawberry.input(description="What to change about a school; what is left out stays as it is.")
class UpdateSchoolInput:
    name: str | None = _asked(description="What people call it.", example="Lycée Moderne", form=_NAME, optional=True)
    timezone: str | None = _asked(
        description="An IANA time zone.", example="Africa/Dakar", form=IDENTIFIER, optional=True
    )


Code = Annotated[str, takes(IDENTIFIER, description="The school's code, in any case.", example="DEMO")]


async def _schools(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> Connection[School]:
    context = info.context
    position = read_cursor(context, _CONNECTION, after)
    behind = None if position is None else str(position.key)
    page = await page_of_schools(context.database, first=page_size(first), after=behind)
    return Connection[School].of(
        context, _CONNECTION, page, show=School.of, position=lambda row: Position(row.code, row.id)
    )


async def _school(info: Info, code: Code) -> School | None:
    try:
        return School.of(await find_school(info.context.database, code))
    except SchoolNotFound:
        return None


@expected(CreateSchoolResult)
async def _create_school(
    info: Info,
    input: Annotated[CreateSchoolInput, argument(description="The school.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateSchoolResult:
    return School.of(await create_school(info.context.database, **plain(input), request_key=idempotency_key))


@expected(UpdateSchoolResult)
async def _update_school(
    info: Info, code: Code, input: Annotated[UpdateSchoolInput, argument(description="What to change.")]
) -> UpdateSchoolResult:
    return School.of(await update_school(info.context.database, code, **plain(input)))


@strawberry.type
class SchoolQuery:
    schools: Connection[School] = scoped(
        Scope.SCHOOLS_MANAGE, description="Every school of this server, by code.", resolver=_schools, cost=2
    )
    school: School | None = scoped(
        Scope.SCHOOLS_MANAGE, description="The school with this code; null where there is none.", resolver=_school
    )


@strawberry.type
class SchoolMutation:
    create_school: CreateSchoolResult = scoped(
        Scope.SCHOOLS_MANAGE,
        description="Opens a school. Its first `admin` key comes from the command line on the server.",
        resolver=_create_school,
        cost=10,
    )
    update_school: UpdateSchoolResult = scoped(
        Scope.SCHOOLS_MANAGE,
        description="Changes a school's name or time zone; its keys follow within a minute.",
        resolver=_update_school,
        cost=10,
    )
