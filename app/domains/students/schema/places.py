"""Programmes, classes and school years: one by its code, or all of them."""

from typing import Annotated

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Context, Info
from app.core.graph.scoped import scoped, takes
from app.core.pagination import DEFAULT_PAGE, Page, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.students.records import ClassRecord
from app.domains.students.schema.studies import Programme, SchoolClass
from app.domains.students.schema.years import SchoolYear
from app.domains.students.service.places import list_classes, list_programmes, list_school_years, place_of
from app.domains.students.service.studies import find_class, find_programme, find_school_year

_ProgrammeCode = Annotated[str, takes(IDENTIFIER, description="Its code, in any case.", example="INF")]
_ClassCode = Annotated[str, takes(IDENTIFIER, description="Its code, in any case.", example="INF-L2-DK")]
_YearCode = Annotated[str, takes(IDENTIFIER, description="Its code, in any case.", example="2024-2025")]
_OfProgramme = Annotated[
    str | None, argument(description="Code of a programme; of all programmes where null.", metadata={"example": "INF"})
]


async def _programme(info: Info, code: _ProgrammeCode) -> Programme | None:
    async with info.context.read() as session:
        record = await find_programme(session, code)
    return None if record is None else Programme.of(record)


async def _class(info: Info, code: _ClassCode) -> SchoolClass | None:
    async with info.context.read() as session:
        record = await find_class(session, code)
    return None if record is None else SchoolClass.of(record)


async def _school_year(info: Info, code: _YearCode) -> SchoolYear | None:
    async with info.context.read() as session:
        record = await find_school_year(session, code)
    return None if record is None else SchoolYear.of(record)


async def _programmes(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> Connection[Programme]:
    context = info.context
    async with context.read() as session:
        page = await list_programmes(session, first=page_size(first), after=read_cursor(context, "programmes", after))
    return Connection[Programme].of(context, "programmes", page, show=Programme.of, position=place_of)


async def _classes(
    info: Info, first: First = DEFAULT_PAGE, after: After = None, programme: _OfProgramme = None
) -> Connection[SchoolClass]:
    context, name = info.context, f"classes {programme}"
    async with context.read() as session:
        place = read_cursor(context, name, after)
        page = await list_classes(session, first=page_size(first), after=place, programme=programme)
    return connect_classes(context, name, page)


def connect_classes(context: Context, name: str, page: Page[ClassRecord]) -> Connection[SchoolClass]:
    return Connection[SchoolClass].of(context, name, page, show=SchoolClass.of, position=place_of)


async def _school_years(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> Connection[SchoolYear]:
    context = info.context
    async with context.read() as session:
        page = await list_school_years(
            session, first=page_size(first), after=read_cursor(context, "schoolYears", after)
        )
    return Connection[SchoolYear].of(context, "schoolYears", page, show=SchoolYear.of, position=place_of)


@strawberry.type
class PlacesQuery:
    programme: Programme | None = scoped(
        Scope.PROGRAMMES_READ, description="The programme with this code; null for none.", resolver=_programme
    )
    programmes: Connection[Programme] = scoped(
        Scope.PROGRAMMES_READ,
        description="The programmes of the school, in the order of their codes.",
        resolver=_programmes,
        cost=2,
    )
    school_class: SchoolClass | None = scoped(
        Scope.PROGRAMMES_READ, name="class", description="The class with this code; null for none.", resolver=_class
    )
    classes: Connection[SchoolClass] = scoped(
        Scope.PROGRAMMES_READ,
        description="The classes of the school, or of one programme, in the order of their codes.",
        resolver=_classes,
        cost=2,
    )
    school_year: SchoolYear | None = scoped(
        Scope.SCHOOL_YEARS_READ, description="The school year with this code; null for none.", resolver=_school_year
    )
    school_years: Connection[SchoolYear] = scoped(
        Scope.SCHOOL_YEARS_READ,
        description="The school years, in the order of their codes.",
        resolver=_school_years,
        cost=2,
    )
