"""Files of students and of badges."""

from app.domains.students.imports.badges import Badges
from app.domains.students.imports.people import Students

__all__ = ["Badges", "Students"]
