"""Absences, as the API takes and shows them."""

import strawberry

from app.domains.absences.schema.justifying import JustifyMutation
from app.domains.absences.schema.listing import AbsenceQuery
from app.domains.absences.schema.recording import ABSENCES, RecordMutation

NODES = (ABSENCES,)


@strawberry.type
class Query(AbsenceQuery):
    pass


@strawberry.type
class Mutation(RecordMutation, JustifyMutation):
    pass
