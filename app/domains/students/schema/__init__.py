"""Students, what they study and the badges they carry, as the API shows and changes them."""

import strawberry

from app.domains.students.schema.badges import BadgeMutation, BadgeQuery
from app.domains.students.schema.classes import ClassMutation
from app.domains.students.schema.edges import NODES
from app.domains.students.schema.enrolments import EnrolmentMutation
from app.domains.students.schema.failures import StudentNotFoundFailure
from app.domains.students.schema.lists import StudentsQuery
from app.domains.students.schema.people import PeopleMutation
from app.domains.students.schema.places import PlacesQuery
from app.domains.students.schema.programmes import ProgrammeMutation
from app.domains.students.schema.student import Student, StudentQuery
from app.domains.students.schema.years import YearMutation

__all__ = ["NODES", "Mutation", "Query", "Student", "StudentNotFoundFailure"]


@strawberry.type
class Query(StudentQuery, BadgeQuery, StudentsQuery, PlacesQuery):
    pass


@strawberry.type
class Mutation(PeopleMutation, EnrolmentMutation, BadgeMutation, ClassMutation, ProgrammeMutation, YearMutation):
    pass
