"""A small schema with everything the machinery must cope with, and no database behind it."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import date
from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry import argument

from app.api.schema import ApiSchema, assemble
from app.core.errors import SkoolyError
from app.core.graph.context import Context, Info
from app.core.graph.failure import Failure
from app.core.graph.scoped import scoped
from app.core.scopes import Scope

READ, LIST, BADGES = Scope.STUDENTS_READ, Scope.STUDENTS_LIST, Scope.BADGES_READ
WRITE, MONEY = Scope.ABSENCES_WRITE, Scope.WALLETS_WRITE


class NoSuchStudent(SkoolyError):
    code = "NO_SUCH_STUDENT"
    fr = "Aucun étudiant {matricule}."
    en = "No student {matricule}."


@strawberry.enum(description="How far along a student is.")
class Status(Enum):
    ENROLLED = strawberry.enum_value("enrolled", description="Studies now.")
    GRADUATED = strawberry.enum_value("graduated", description="Has finished.")


@strawberry.type(description="A group of students.")
class Group:
    name: str = scoped(READ, LIST, description="Its name.")


def _friends() -> "list[Student]":
    return [make("F1"), make("F2")]


async def _group() -> Group:
    await asyncio.sleep(0)
    return Group(name="L1")


class Batches(list[tuple[str, ...]]):
    """The keys of each batch that was fetched: a service, where a test wants to know."""


async def mentors(context: Context, matricules: Sequence[str]) -> "list[Student | BaseException | None]":
    """Nobody for M0; F2 is a failure of its own."""
    if Batches in context.services:
        context.service(Batches).append(tuple(matricules))
    await asyncio.sleep(0)
    return [_mentor(matricule) for matricule in matricules]


def _mentor(matricule: str) -> "Student | BaseException | None":
    if matricule == "F2":
        return NoSuchStudent(matricule=matricule)
    return None if matricule == "M0" else make(f"{matricule}'")


def _load_mentor(root: "Student", info: Info) -> "Awaitable[Student | None]":
    return info.context.load(mentors, root.matricule)


async def _await_mentor(root: "Student", info: Info, of: Annotated[str, argument(description="Of whom.")] = "") -> Any:
    return await info.context.load(mentors, of or root.matricule)


@strawberry.type(description="A student.")
class Student:
    matricule: str = scoped(READ, LIST, BADGES, description="The key of a student.", personal=True)
    name: str = scoped(READ, LIST, BADGES, description="Family name.", personal=True)
    status: Status = scoped(READ, LIST, description="Enrolled or gone.")
    balance: int = scoped(MONEY, description="What is in the wallet, in minor units.", personal=True)
    friends: "list[Student]" = scoped(READ, LIST, description="Friends.", size=2, cost=3, resolver=_friends)
    group: Group = scoped(READ, LIST, description="The class.", resolver=_group)
    mentor: "Student | None" = scoped(READ, LIST, description="Who helps.", resolver=_load_mentor)
    guide: "Student" = scoped(READ, LIST, description="Who helps, for sure.", resolver=_await_mentor)


@strawberry.type(description="A page of students.")
class Students:
    nodes: list[Student] = scoped(LIST, description="The students of the page.")


@strawberry.type(description="Nobody has this badge.")
class UnknownBadge(Failure):
    pass


@strawberry.type(description="Who carries a badge.")
class Holder:
    name: str = scoped(BADGES, description="Family name.", personal=True)


Holding = Annotated[Holder | UnknownBadge, strawberry.union("Holding", description="A holder or nobody.")]


@strawberry.input(description="A line of an absence.")
class Line:
    hours: int = scoped(WRITE, description="How long.")


@strawberry.input(description="An absence.")
class AbsenceInput:
    matricule: str = scoped(WRITE, description="Who.")
    on: date = scoped(WRITE, description="When.")
    status: Status | None = scoped(WRITE, description="A status.", optional=True)
    lines: list[Line] | None = scoped(WRITE, description="Lines.", optional=True)
    fee: int | None = scoped(MONEY, description="What it costs.", optional=True)


def make(matricule: str) -> Student:
    return Student(matricule=matricule, name="Ndiaye", status=Status.ENROLLED, balance=5)


async def _student(info: Info, matricule: Annotated[str, argument(description="The key.")]) -> Student | None:
    if matricule == "hang":
        await asyncio.Event().wait()
    if matricule == "crash":
        raise ValueError("secret detail")
    if matricule == "refuse":
        raise NoSuchStudent(field="matricule", matricule=matricule)
    return make(matricule) if matricule.startswith("M") else None


def _students(first: Annotated[int, argument(description="How many.")] = 20) -> Students:
    return Students(nodes=[make(f"M{number}") for number in range(first)])


def _holder(badge: Annotated[str, argument(description="The badge.")]) -> Holding:
    return Holder(name="Ndiaye") if badge == "B1" else UnknownBadge(code="UNKNOWN", message=badge, field=None)


@strawberry.type
class Query:
    student: Student | None = scoped(READ, description="One student.", resolver=_student)
    students: Students = scoped(LIST, description="A page.", resolver=_students, cost=2)
    holder: Holding = scoped(BADGES, description="Who carries it.", resolver=_holder)
    sure: Student = scoped(READ, description="A student who is there.", resolver=_student)


def _record(input: Annotated[AbsenceInput, argument(description="The absence.")]) -> Student:
    return make(input.matricule)


@strawberry.type
class Mutation:
    record_absence: Student = scoped(WRITE, description="Records.", resolver=_record)


def sample_schema() -> ApiSchema:
    return assemble([Query], [Mutation])
