"""Whether the school accepts an absence."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import argument

from app.core.graph.context import Info
from app.core.graph.failure import Failure, InvalidInputFailure, expected, failure
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.domains.absences import errors
from app.domains.absences.schema.recording import Absence
from app.domains.absences.service import REASON, justify_absence

_to_justify = any_scope([Scope.ABSENCES_JUSTIFY])


@strawberry.input(description="What the school makes of an absence.")
class JustifyAbsenceInput:
    absence_id: UUID = _to_justify(
        description="Which absence.", personal=True, example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"
    )
    justified: bool = _to_justify(
        description="Whether the school accepts it; false takes an earlier acceptance back.",
        example=True,
        optional=True,
        default=True,
    )
    justification: str | None = _to_justify(
        description="What the school was shown: at most 500 characters, on one line.",
        example="Certificat médical",
        optional=True,
        form=REASON,
    )


@failure(errors.AbsenceNotFound, description="No absence has this identifier.")
class AbsenceNotFoundFailure(Failure):
    pass


JustifyAbsenceResult = Annotated[
    Absence | AbsenceNotFoundFailure | InvalidInputFailure,
    strawberry.union("JustifyAbsenceResult", description="The absence as it is now, or why it was not changed."),
]


@expected(JustifyAbsenceResult)
async def _justify_absence(
    info: Info, input: Annotated[JustifyAbsenceInput, argument(description="What was decided.")]
) -> JustifyAbsenceResult:
    context = info.context
    async with context.write() as session:
        record = await justify_absence(session, context.actor, **plain(input), now=context.clock.now())
        context.saw(record.student_id)
    return Absence.of(record, context.actor.timezone)


@strawberry.type
class JustifyMutation:
    justify_absence: JustifyAbsenceResult = scoped(
        Scope.ABSENCES_JUSTIFY,
        description="Says whether the school accepts an absence. Saying it again changes nothing.",
        resolver=_justify_absence,
        cost=10,
    )
