"""Changing who studies here, what and with whom; each change puts its event into the log."""

from app.domains.students.commands.badges import assign_badge, badge_facts, replace_badge, revoke_badge
from app.domains.students.commands.classes import graduate_class, suspend_class
from app.domains.students.commands.enrolments import end_enrolment, enrol_student, move_student
from app.domains.students.commands.people import create_student, student_facts, update_student
from app.domains.students.commands.statuses import (
    graduate_student,
    reinstate_student,
    suspend_student,
    withdraw_student,
)
from app.domains.students.commands.studies import (
    close_class,
    close_programme,
    create_class,
    create_programme,
    update_class,
    update_programme,
)
from app.domains.students.commands.years import close_school_year, create_school_year, update_school_year

__all__ = [
    "assign_badge",
    "badge_facts",
    "close_class",
    "close_programme",
    "close_school_year",
    "create_class",
    "create_programme",
    "create_school_year",
    "create_student",
    "end_enrolment",
    "enrol_student",
    "graduate_class",
    "graduate_student",
    "move_student",
    "reinstate_student",
    "replace_badge",
    "revoke_badge",
    "student_facts",
    "suspend_class",
    "suspend_student",
    "update_class",
    "update_programme",
    "update_school_year",
    "update_student",
    "withdraw_student",
]
