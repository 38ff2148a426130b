"""What can go wrong with students, their enrolments and their badges.

StudentsError
├── StudentNotFound · MatriculeTaken
├── BadgeNotFound
└── EnrolmentError    ClassNotFound · SchoolYearNotFound · AlreadyEnrolled
"""

from app.core.errors import SkoolyError


class StudentsError(SkoolyError):
    """Groups the failures of this slice."""


class StudentNotFound(StudentsError):
    code = "STUDENT_NOT_FOUND"
    fr = "Aucun étudiant n'a le matricule « {matricule} »."
    en = "No student has the matricule “{matricule}”."


class MatriculeTaken(StudentsError):
    code = "MATRICULE_TAKEN"
    fr = "Le matricule « {matricule} » est déjà celui d'un autre étudiant."
    en = "The matricule “{matricule}” already belongs to another student."


class BadgeNotFound(StudentsError):
    code = "BADGE_NOT_FOUND"
    fr = "Personne ne porte le badge « {badge} »."
    en = "Nobody carries the badge “{badge}”."


class EnrolmentError(StudentsError):
    """Groups the failures of an enrolment."""


class ClassNotFound(EnrolmentError):
    code = "CLASS_NOT_FOUND"
    fr = "Aucune classe n'a le code « {school_class} »."
    en = "No class has the code “{school_class}”."


class SchoolYearNotFound(EnrolmentError):
    code = "SCHOOL_YEAR_NOT_FOUND"
    fr = "Aucune année scolaire n'a le code « {school_year} »."
    en = "No school year has the code “{school_year}”."


class AlreadyEnrolled(EnrolmentError):
    code = "ALREADY_ENROLLED"
    fr = "L'étudiant est déjà inscrit dans ce programme pour « {school_year} »."
    en = "The student is already enrolled in this programme for “{school_year}”."
