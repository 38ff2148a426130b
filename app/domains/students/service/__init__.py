"""Reading who studies here, what and with whom, and who carries a badge."""

from app.domains.students.service.badges import find_badge_holder
from app.domains.students.service.lists import list_students
from app.domains.students.service.people import (
    describe_student,
    describe_students,
    find_student,
    require_student,
)

__all__ = [
    "describe_student",
    "describe_students",
    "find_badge_holder",
    "find_student",
    "list_students",
    "require_student",
]
