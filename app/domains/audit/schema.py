"""The audit as a school's console searches it."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Info
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER, Form
from app.domains.audit.loaders import matricules_of
from app.domains.audit.searching import AuditRecord, Search, search_audit
from app.domains.partners.service import find_partner
from app.domains.partners.service.texts import LONGEST_NAME
from app.domains.students.service import require_student

OPERATION = Form(200)
_CONNECTION = "auditEntries"
MOST_STUDENTS = 20
_of_audit = any_scope([Scope.AUDIT_READ])


@strawberry.enum(name="AuditChannel", description="The way an operation came in.")
class AuditChannel(Enum):
    graphql = strawberry.enum_value("graphql", description="GraphQL.")
    rest = strawberry.enum_value("rest", description="REST.")
    cli = strawberry.enum_value("cli", description="The command line on the server.")


async def _students(root: strawberry.Parent["AuditEntry"], info: Info) -> list[str]:
    return await info.context.load(matricules_of, root.subjects)


@strawberry.type(description="That somebody saw or changed data of students.")
class AuditEntry:
    subjects: strawberry.Private[tuple[UUID, ...]]
    request_id: UUID = _of_audit(
        description="The request, as its answer named it.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"
    )
    seen_at: datetime = _of_audit(description="When, in the school's time zone.", example="2025-01-13T09:00:00+00:00")
    operation: str = _of_audit(
        description="What was asked: the operation of REST, or the root fields of GraphQL.", example="StudentByBadge"
    )
    channel: AuditChannel = _of_audit(description="The way it came in.", example="rest")
    partner: str | None = _of_audit(
        description="Who asked; null for the command line on the server.", example="Cantine"
    )
    key_id: str = _of_audit(description="The key it was asked with.", example="Ab3dEf6hIj9k")
    student_count: int = _of_audit(description="How many students it concerned.", example=1)
    students: list[str] = _of_audit(
        description=f"Their matricules, the first {MOST_STUDENTS}; whoever was erased is left out.",
        example=["2024/INF/0123"],
        resolver=_students,
        personal=True,
        cost=1,
    )

    @classmethod
    def of(cls, record: AuditRecord, timezone: str) -> Self:
        return cls(
            subjects=record.subjects[:MOST_STUDENTS],
            request_id=record.request_id,
            seen_at=record.at.astimezone(ZoneInfo(timezone)),
            operation=record.operation,
            channel=AuditChannel(record.channel),
            partner=record.partner,
            key_id=record.key_id,
            student_count=len(record.subjects),
        )


async def _audit_entries(
    info: Info,
    matricule: Annotated[
        str | None,
        takes(IDENTIFIER, description="Only what concerned this student, in any case.", example="2024/INF/0123"),
    ] = None,
    key_id: Annotated[
        str | None, takes(IDENTIFIER, description="Only what was asked with this key.", example="Ab3dEf6hIj9k")
    ] = None,
    partner: Annotated[
        str | None, takes(Form(LONGEST_NAME), description="Only what this partner asked.", example="Cantine")
    ] = None,
    operation: Annotated[
        str | None, takes(OPERATION, description="Only this operation.", example="StudentByBadge")
    ] = None,
    channel: Annotated[AuditChannel | None, argument(description="Only what came in this way.")] = None,
    since: Annotated[
        datetime | None,
        argument(description="From this instant on.", metadata={"example": "2025-01-13T08:00:00+00:00"}),
    ] = None,
    until: Annotated[
        datetime | None,
        argument(description="Before this instant.", metadata={"example": "2099-01-13T18:00:00+00:00"}),
    ] = None,
    first: First = DEFAULT_PAGE,
    after: After = None,
) -> Connection[AuditEntry]:
    context = info.context
    position, zone = read_cursor(context, _CONNECTION, after), ZoneInfo(context.actor.timezone)
    async with context.read() as session:
        student = None if matricule is None else await require_student(session, matricule)
        owner = None if partner is None else await find_partner(session, partner)
        search = Search(
            subject=None if student is None else student.id,
            key_id=None if key_id is None else IDENTIFIER.read(key_id, "keyId"),
            partner_id=None if owner is None else owner.id,
            operation=None if operation is None else OPERATION.read(operation, "operation"),
            channel=None if channel is None else str(channel.value),
            since=_instant(since, zone),
            until=_instant(until, zone),
        )
        page = await search_audit(session, search, first=page_size(first), after=position)
    if student is not None:
        context.saw(student.id)
    return Connection[AuditEntry].of(
        context,
        _CONNECTION,
        page,
        show=lambda record: AuditEntry.of(record, context.actor.timezone),
        position=lambda record: Position(record.operation, record.request_id),
    )


def _instant(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Without an offset, an instant is one of the school's time zone."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=zone)


@strawberry.type
class Query:
    audit_entries: Connection[AuditEntry] = scoped(
        Scope.AUDIT_READ,
        description="Who saw or changed whose data, when and with which key: the newest first. "
        "Searching by student is itself recorded.",
        resolver=_audit_entries,
        refuses=["STUDENT_NOT_FOUND", "PARTNER_NOT_FOUND"],
        cost=5,
    )
