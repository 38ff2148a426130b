"""The expected failures of this slice, as members of result unions."""

from app.core.graph.failure import Failure, failure
from app.domains.students import errors


@failure(errors.StudentNotFound, description="No student has this matricule.")
class StudentNotFoundFailure(Failure):
    """A member of the result unions of every mutation that names a student."""


@failure(errors.MatriculeTaken, description="Another student has this matricule already.")
class MatriculeTakenFailure(Failure):
    pass


@failure(errors.StatusConflict, description="From where the student stands with the school, there is no way there.")
class StatusConflictFailure(Failure):
    pass


@failure(errors.StudentGone, description="The student has graduated or left, and cannot be enrolled.")
class StudentGoneFailure(Failure):
    pass


@failure(errors.BadgeNotFound, description="Nobody carries this badge.")
class BadgeNotFoundFailure(Failure):
    pass


@failure(errors.ProgrammeNotFound, description="No programme has this code.")
class ProgrammeNotFoundFailure(Failure):
    pass


@failure(errors.ClassNotFound, description="No class has this code.")
class ClassNotFoundFailure(Failure):
    pass


@failure(errors.SchoolYearNotFound, description="No school year has this code.")
class SchoolYearNotFoundFailure(Failure):
    pass


@failure(errors.EnrolmentNotFound, description="The student is not in this class in this school year.")
class EnrolmentNotFoundFailure(Failure):
    pass


@failure(errors.AlreadyEnrolled, description="The student is enrolled in this programme for this year already.")
class AlreadyEnrolledFailure(Failure):
    pass


@failure(errors.ClosedToEnrolment, description="The programme, the class or the school year takes nobody any more.")
class ClosedToEnrolmentFailure(Failure):
    pass


@failure(errors.OtherProgramme, description="The class is of another programme than the enrolment.")
class OtherProgrammeFailure(Failure):
    pass


@failure(errors.CodeTaken, description="Another programme, class or school year has this code already.")
class CodeTakenFailure(Failure):
    pass


@failure(errors.SchoolYearInvalid, description="A school year ends after it begins, and does not last too long.")
class SchoolYearInvalidFailure(Failure):
    pass


@failure(errors.ClassTooLarge, description="The class has more students than are changed at once.")
class ClassTooLargeFailure(Failure):
    pass


@failure(errors.NotInClass, description="Somebody to be excepted is not in this class in this school year.")
class NotInClassFailure(Failure):
    pass
