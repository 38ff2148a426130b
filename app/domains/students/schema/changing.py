"""What the mutations of this slice have in common: they answer with the student as changed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import today
from app.core.graph.context import Info
from app.domains.partners.mutations import perform_once
from app.domains.students.records import StudentIdentity, StudentRecord
from app.domains.students.schema.student import Student
from app.domains.students.service.people import describe_student

Change = Callable[..., Awaitable[StudentIdentity]]


async def change_student(
    info: Info, operation: str, key: str | None, asked: Mapping[str, Any], change: Change
) -> Student:
    """`change` is given what was `asked` and the day it is at the school. Raises what it raises."""
    context = info.context
    day = today(context.clock, context.actor.timezone)

    async def perform(session: AsyncSession) -> StudentRecord:
        changed = await change(session, context.actor, **asked, today=day)
        described = await describe_student(session, changed.matricule, on=day)
        assert described is not None, "changed a moment ago, in this transaction"
        return described

    made = await perform_once(
        context, operation, key, asked, perform, StudentRecord, concerns=lambda record: [record.identity.id]
    )
    return Student.of(made)
