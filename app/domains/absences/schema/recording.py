"""Absences as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry import argument

from app.core.graph.context import Context, Info
from app.core.graph.failure import Failure, expected, failure
from app.core.graph.inputs import plain
from app.core.graph.node import Node, NodeKind, node_id_field, node_id_of
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.absences import errors
from app.domains.absences.loaders import absences_by_id
from app.domains.absences.records import AbsenceRecord
from app.domains.absences.service import REASON, record_absence
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students.schema import StudentNotFoundFailure

_of_absence = any_scope([Scope.ABSENCES_WRITE, Scope.ABSENCES_READ, Scope.ABSENCES_JUSTIFY])
_to_write = any_scope([Scope.ABSENCES_WRITE])
_shown_to_readers = any_scope([Scope.ABSENCES_READ, Scope.ABSENCES_JUSTIFY])


@strawberry.type(description="A time during which a student is away.")
class Absence(Node):
    node_id: strawberry.ID = node_id_field(_of_absence)
    id: UUID = _of_absence(description="Its identifier.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")
    matricule: str = _of_absence(description="Who is away.", personal=True, example="2024/INF/0123")
    starts_at: datetime = _of_absence(
        description="From this instant on, in the school's time zone.",
        personal=True,
        example="2025-01-13T08:00:00+00:00",
    )
    ends_at: datetime = _of_absence(
        description="Up to this instant, in the school's time zone.",
        personal=True,
        example="2025-01-13T12:00:00+00:00",
    )
    reason: str | None = _of_absence(description="Why, where it was told.", personal=True, example="Rendez-vous")
    justified: bool = _of_absence(description="Whether the school accepts the reason.", personal=True, example=False)
    recorded_at: datetime = _of_absence(
        description="When it was recorded, in the school's time zone.", example="2025-01-13T09:00:00+00:00"
    )
    justified_at: datetime | None = _shown_to_readers(
        description="When the school accepted it, in the school's time zone; null where it did not.",
        example="2025-01-14T09:00:00+00:00",
    )
    justification: str | None = _shown_to_readers(
        description="What the school was shown.", personal=True, example="Certificat médical"
    )

    @classmethod
    def of(cls, record: AbsenceRecord, timezone: str) -> Self:
        zone = ZoneInfo(timezone)
        return cls(
            node_id=node_id_of("Absence", record.id),
            id=record.id,
            matricule=record.matricule,
            starts_at=record.starts_at.astimezone(zone),
            ends_at=record.ends_at.astimezone(zone),
            reason=record.reason,
            justified=record.justified,
            recorded_at=record.recorded_at.astimezone(zone),
            justified_at=record.justified_at and record.justified_at.astimezone(zone),
            justification=record.justification,
        )


@failure(errors.AbsenceOverlap, description="The student already has an absence in this period.")
class AbsenceOverlapFailure(Failure):
    pass


@failure(errors.AbsenceInvalid, description="An absence cannot be like this; `field` names the input at fault.")
class AbsenceInvalidFailure(Failure):
    pass


RecordAbsenceResult = Annotated[
    Absence | StudentNotFoundFailure | AbsenceOverlapFailure | AbsenceInvalidFailure,
    strawberry.union("RecordAbsenceResult", description="The absence, or why there is none."),
]


@strawberry.input(description="An absence to record.")
class RecordAbsenceInput:
    matricule: str = _to_write(
        description="Who is away, in any case.", personal=True, example="2024/INF/0123", form=IDENTIFIER
    )
    starts_at: datetime = _to_write(
        description="The first instant, with its offset; from five years ago to a year ahead.",
        example="2025-01-13T08:00:00+00:00",
    )
    ends_at: datetime = _to_write(
        description="The instant of return, with its offset; later than `startsAt`, by a year at most.",
        example="2025-01-13T12:00:00+00:00",
    )
    reason: str | None = _to_write(
        description="Why: at most 500 characters, on one line.", example="Rendez-vous", optional=True, form=REASON
    )
    justified: bool = _to_write(
        description="Whether the school accepts the reason.", example=False, optional=True, default=False
    )


@expected(RecordAbsenceResult)
async def _record_absence(
    info: Info,
    input: Annotated[RecordAbsenceInput, argument(description="The absence.")],
    idempotency_key: IdempotencyKey = None,
) -> RecordAbsenceResult:
    context = info.context
    asked = plain(input)
    record = await perform_once(
        context,
        "recordAbsence",
        idempotency_key,
        asked,
        lambda session: record_absence(session, context.actor, **asked, now=context.clock.now()),
        AbsenceRecord,
        concerns=lambda made: [made.student_id],
    )
    return Absence.of(record, context.actor.timezone)


@strawberry.type
class RecordMutation:
    record_absence: RecordAbsenceResult = scoped(
        Scope.ABSENCES_WRITE,
        description="Records that a student is away. Two absences of one student never overlap.",
        resolver=_record_absence,
        cost=10,
    )


def _show(record: AbsenceRecord, context: Context) -> Absence:
    context.saw(record.student_id)
    return Absence.of(record, context.actor.timezone)


ABSENCES = NodeKind(Absence, (Scope.ABSENCES_WRITE, Scope.ABSENCES_READ, Scope.ABSENCES_JUSTIFY), absences_by_id, _show)
