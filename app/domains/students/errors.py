"""What can go wrong with students, their enrolments, their badges and what they study.

StudentsError
├── StudentNotFound · MatriculeTaken · StatusConflict · StudentGone
├── BadgeNotFound
├── EnrolmentError    ProgrammeNotFound · ClassNotFound · SchoolYearNotFound · EnrolmentNotFound · AlreadyEnrolled ·
│                     ClosedToEnrolment · OtherProgramme
├── StudiesError      CodeTaken · SchoolYearInvalid
└── ClassActionError  ClassTooLarge · NotInClass
"""

from uuid import UUID

from app.core.errors import SkoolyError

STATUS_NAMES = {
    "active": ("actif", "active"),
    "suspended": ("suspendu", "suspended"),
    "graduated": ("diplômé", "graduated"),
    "left": ("parti", "gone"),
}
"""In French and in English."""


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


class StatusConflict(StudentsError):
    """`status` and `wanted` are values of `student.status`."""

    code = "STATUS_CONFLICT"
    fr = "L'étudiant « {matricule} » est {status_fr} : il ne peut pas devenir {wanted_fr}."
    en = "The student “{matricule}” is {status_en} and cannot become {wanted_en}."

    def __init__(self, *, matricule: str, status: str, wanted: str, student_id: UUID) -> None:
        (status_fr, status_en), (wanted_fr, wanted_en) = STATUS_NAMES[status], STATUS_NAMES[wanted]
        super().__init__(
            field="matricule",
            matricule=matricule,
            status_fr=status_fr,
            status_en=status_en,
            wanted_fr=wanted_fr,
            wanted_en=wanted_en,
            student_id=student_id,
        )


class StudentGone(StudentsError):
    code = "STUDENT_GONE"
    fr = "L'étudiant « {matricule} » n'est plus dans l'école : il ne peut pas être inscrit."
    en = "The student “{matricule}” is no longer at the school and cannot be enrolled."


class BadgeNotFound(StudentsError):
    code = "BADGE_NOT_FOUND"
    fr = "Personne ne porte le badge « {badge} »."
    en = "Nobody carries the badge “{badge}”."


class EnrolmentError(StudentsError):
    """Groups the failures of an enrolment."""


class ProgrammeNotFound(EnrolmentError):
    code = "PROGRAMME_NOT_FOUND"
    fr = "Aucun programme n'a le code « {programme} »."
    en = "No programme has the code “{programme}”."


class ClassNotFound(EnrolmentError):
    code = "CLASS_NOT_FOUND"
    fr = "Aucune classe n'a le code « {school_class} »."
    en = "No class has the code “{school_class}”."


class SchoolYearNotFound(EnrolmentError):
    code = "SCHOOL_YEAR_NOT_FOUND"
    fr = "Aucune année scolaire n'a le code « {school_year} »."
    en = "No school year has the code “{school_year}”."


class EnrolmentNotFound(EnrolmentError):
    code = "ENROLMENT_NOT_FOUND"
    fr = "L'étudiant n'est pas inscrit dans la classe « {school_class} » pour « {school_year} »."
    en = "The student is not enrolled in the class “{school_class}” for “{school_year}”."


class AlreadyEnrolled(EnrolmentError):
    code = "ALREADY_ENROLLED"
    fr = "L'étudiant est déjà inscrit dans ce programme pour « {school_year} »."
    en = "The student is already enrolled in this programme for “{school_year}”."


class ClosedToEnrolment(EnrolmentError):
    """The programme, the class or the school year with the code `closed` takes nobody any more."""

    code = "CLOSED_TO_ENROLMENT"
    fr = "« {closed} » est fermé : plus personne ne peut y être inscrit. Rouvrez-le d'abord."
    en = "“{closed}” is closed: nobody can be enrolled there any more. Open it again first."


class OtherProgramme(EnrolmentError):
    code = "OTHER_PROGRAMME"
    fr = "La classe « {school_class} » est d'un autre programme : terminez cette inscription et faites-en une autre."
    en = "The class “{school_class}” is of another programme: end this enrolment and make another one."


class StudiesError(StudentsError):
    """Groups the failures of programmes, classes and school years."""


class CodeTaken(StudiesError):
    code = "CODE_TAKEN"
    fr = "Le code « {taken} » est déjà pris."
    en = "The code “{taken}” is already taken."


class SchoolYearInvalid(StudiesError):
    code = "SCHOOL_YEAR_INVALID"
    fr = "Une année scolaire finit après son début, de {longest_days} jours au plus."
    en = "A school year ends after it begins, by at most {longest_days} days."


class ClassActionError(StudentsError):
    """Groups the failures of what is done to a class as a whole."""


class ClassTooLarge(ClassActionError):
    code = "CLASS_TOO_LARGE"
    fr = "La classe a {members} étudiants : {most} au plus à la fois. Importez un fichier d'étudiants à la place."
    en = "The class has {members} students: {most} at most at a time. Import a file of students instead."


class NotInClass(ClassActionError):
    code = "NOT_IN_CLASS"
    fr = "« {matricule} » n'est pas dans cette classe cette année-là : rien n'a été fait."
    en = "“{matricule}” is not in this class in that year: nothing was done."
