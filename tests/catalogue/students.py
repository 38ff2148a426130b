"""How the events of students, badges and studies come about."""

from datetime import date

from app.domains.events.topics import Topic
from app.domains.students.commands import (
    assign_badge,
    close_class,
    create_class,
    create_programme,
    create_school_year,
    graduate_student,
    replace_badge,
    revoke_badge,
    suspend_student,
    update_student,
)
from tests.catalogue.world import MATRICULE, TODAY, Happenings, World


async def create(world: World) -> None:
    """The world's own student."""


async def change(world: World) -> None:
    async with world.write() as session:
        await update_student(session, world.actor, matricule=MATRICULE, today=TODAY, last_name="Ndiaye")
        await suspend_student(session, world.actor, matricule=MATRICULE, today=TODAY)
        await update_student(session, world.actor, matricule=MATRICULE, today=TODAY, new_matricule="2024/INF/9")


async def graduate(world: World) -> None:
    async with world.write() as session:
        await graduate_student(session, world.actor, matricule=MATRICULE, today=TODAY)


async def hand_out(world: World) -> None:
    async with world.write() as session:
        await assign_badge(session, world.actor, matricule=MATRICULE, uid="04a2b3")


async def take_back(world: World) -> None:
    await hand_out(world)
    async with world.write() as session:
        await replace_badge(session, world.actor, uid="04A2B3", by="04A2B4")
        await revoke_badge(session, world.actor, uid="04A2B4")


async def change_programmes(world: World) -> None:
    async with world.write() as session:
        await create_programme(session, world.actor, code="INF", label="Informatique")


async def change_classes(world: World) -> None:
    await change_programmes(world)
    async with world.write() as session:
        await create_class(session, world.actor, code="INF-L2", label="Licence 2", programme="INF")
        await close_class(session, world.actor, code="INF-L2")


async def change_years(world: World) -> None:
    async with world.write() as session:
        days = {"starts_on": date(2024, 10, 1), "ends_on": date(2025, 7, 31)}
        await create_school_year(session, world.actor, code="2024-2025", **days)


STUDENTS: Happenings = {
    Topic.STUDENT_CREATED: create,
    Topic.STUDENT_UPDATED: change,
    Topic.STUDENT_GRADUATED: graduate,
    Topic.BADGE_ASSIGNED: hand_out,
    Topic.BADGE_REVOKED: take_back,
    Topic.PROGRAMME_CHANGED: change_programmes,
    Topic.CLASS_CHANGED: change_classes,
    Topic.SCHOOL_YEAR_CHANGED: change_years,
}
