"""Badges and their holders as the API shows them, and who carries which."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument

from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.node import Node, later_node_id
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students.commands import assign_badge, replace_badge, revoke_badge
from app.domains.students.records import BadgeHolder as BadgeHolderRecord
from app.domains.students.records import BadgeRecord, Handover
from app.domains.students.schema.failures import BadgeNotFoundFailure, StudentNotFoundFailure
from app.domains.students.service import find_badge_holder

_of_badge = any_scope([Scope.BADGES_READ])
_of_carried = any_scope([Scope.BADGES_LIST, Scope.BADGES_WRITE])
_writes = any_scope([Scope.BADGES_WRITE])


@strawberry.type(description="Who carries a badge, and nothing more about them.")
class BadgeHolder:
    badge: str = _of_badge(description="The badge: trimmed, in upper case.", personal=True, example="12345")
    matricule: str = _of_badge(
        description="The holder's number, as the school writes it.", personal=True, example="2024/INF/0123"
    )
    first_name: str = _of_badge(description="The holder's given names.", personal=True, example="Aïssatou")
    last_name: str = _of_badge(description="The holder's family name.", personal=True, example="N'Diaye")

    @classmethod
    def of(cls, record: BadgeHolderRecord) -> Self:
        return cls(
            badge=record.badge,
            matricule=record.student.matricule,
            first_name=record.student.first_name,
            last_name=record.student.last_name,
        )


async def _student_by_badge(
    info: Info,
    id: Annotated[str, takes(IDENTIFIER, description="What the reader read, in any case.", example="12345")],
) -> BadgeHolder | None:
    async with info.context.read() as session:
        record = await find_badge_holder(session, id)
    if record is None:
        return None
    info.context.saw(record.student.id)
    return BadgeHolder.of(record)


@strawberry.type(description="A badge in the hands of a student, or one that was given back.")
class Badge(Node):
    id: strawberry.Private[UUID]
    node_id: strawberry.ID = later_node_id(_of_carried, "Badge")
    badge: str = _of_carried(description="The badge: trimmed, in upper case.", personal=True, example="12345")
    matricule: str = _of_carried(description="Who carries it, or carried it.", personal=True, example="2024/INF/0123")
    assigned_at: datetime = _of_carried(
        description="When it was given, in the school's time zone.",
        personal=True,
        example="2024-10-01T09:00:00+00:00",
    )
    revoked_at: datetime | None = _of_carried(
        description="When it was given or taken back, in the school's time zone; null while it is carried.",
        personal=True,
        example="2025-01-13T09:00:00+00:00",
    )

    @classmethod
    def of(cls, record: BadgeRecord, timezone: str) -> Self:
        zone = ZoneInfo(timezone)
        return cls(
            id=record.id,
            badge=record.badge,
            matricule=record.matricule,
            assigned_at=record.assigned_at.astimezone(zone),
            revoked_at=record.revoked_at and record.revoked_at.astimezone(zone),
        )


AssignBadgeResult = Annotated[
    Badge | StudentNotFoundFailure | InvalidInputFailure,
    strawberry.union("AssignBadgeResult", description="The badge in its new hands, or why it is not."),
]
ReplaceBadgeResult = Annotated[
    Badge | BadgeNotFoundFailure | InvalidInputFailure,
    strawberry.union("ReplaceBadgeResult", description="The new badge, or why there is none."),
]
RevokeBadgeResult = Annotated[
    Badge | BadgeNotFoundFailure | InvalidInputFailure,
    strawberry.union("RevokeBadgeResult", description="The badge that was taken back, or why there is none."),
]


@strawberry.input(description="A badge to give to a student.")
class AssignBadgeInput:
    matricule: str = _writes(
        description="To whom, in any case.", personal=True, example="2024/INF/0123", form=IDENTIFIER
    )
    uid: str = _writes(
        name="badge", description="What a reader reads, in any case.", example="04A2B3C4", form=IDENTIFIER
    )


@strawberry.input(description="A badge to replace by another one in the same hands.")
class ReplaceBadgeInput:
    uid: str = _writes(name="badge", description="The badge carried now.", example="12345", form=IDENTIFIER)
    by: str = _writes(
        name="newBadge", description="The badge to carry from now on.", example="04A2B3C4", form=IDENTIFIER
    )


@strawberry.input(description="A badge to take back.")
class RevokeBadgeInput:
    uid: str = _writes(name="badge", description="The badge, in any case.", example="12345", form=IDENTIFIER)


@expected(AssignBadgeResult)
async def _assign_badge(
    info: Info,
    input: Annotated[AssignBadgeInput, argument(description="The badge, and whose it becomes.")],
    idempotency_key: IdempotencyKey = None,
) -> AssignBadgeResult:
    return await _hand_over(info, "assignBadge", idempotency_key, plain(input), assign_badge)


@expected(ReplaceBadgeResult)
async def _replace_badge(
    info: Info,
    input: Annotated[ReplaceBadgeInput, argument(description="The badge, and the one in its place.")],
    idempotency_key: IdempotencyKey = None,
) -> ReplaceBadgeResult:
    return await _hand_over(info, "replaceBadge", idempotency_key, plain(input), replace_badge)


@expected(RevokeBadgeResult)
async def _revoke_badge(
    info: Info,
    input: Annotated[RevokeBadgeInput, argument(description="The badge.")],
    idempotency_key: IdempotencyKey = None,
) -> RevokeBadgeResult:
    context, asked = info.context, plain(input)
    made = await perform_once(
        context,
        "revokeBadge",
        idempotency_key,
        asked,
        lambda session: revoke_badge(session, context.actor, **asked),
        BadgeRecord,
        concerns=lambda record: [record.student_id],
    )
    return Badge.of(made, context.actor.timezone)


async def _hand_over(
    info: Info, operation: str, key: str | None, asked: dict[str, Any], give: Callable[..., Awaitable[Handover]]
) -> Badge:
    context = info.context
    made = await perform_once(
        context,
        operation,
        key,
        asked,
        lambda session: give(session, context.actor, **asked),
        Handover,
        concerns=lambda record: [record.badge.student_id, *record.taken_from],
    )
    return Badge.of(made.badge, context.actor.timezone)


@strawberry.type
class BadgeQuery:
    student_by_badge: BadgeHolder | None = scoped(
        Scope.BADGES_READ,
        description="Who carries this badge now; null when it is unknown or revoked.",
        resolver=_student_by_badge,
    )


@strawberry.type
class BadgeMutation:
    assign_badge: AssignBadgeResult = scoped(
        Scope.BADGES_WRITE,
        description="Gives a badge to a student; whoever carried it before no longer does.",
        resolver=_assign_badge,
        cost=10,
    )
    replace_badge: ReplaceBadgeResult = scoped(
        Scope.BADGES_WRITE,
        description="Takes a badge back, lost or broken, and gives its holder another one.",
        resolver=_replace_badge,
        cost=10,
    )
    revoke_badge: RevokeBadgeResult = scoped(
        Scope.BADGES_WRITE,
        description="Takes a badge back: from now on it opens nothing.",
        resolver=_revoke_badge,
        cost=10,
    )
