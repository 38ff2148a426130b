"""What a file of students or badges can get wrong as a whole."""

from app.core.errors import SkoolyError


class RowRefused(SkoolyError):
    """A row that is well written but cannot be accepted."""


class UnknownMatricule(RowRefused):
    code = "MATRICULE_UNKNOWN"
    fr = "Aucun étudiant n'a le matricule « {matricule} ». Importez d'abord les étudiants, ou corrigez-le."
    en = "No student has the number “{matricule}”. Import the students first, or correct it."


class PersonTwice(RowRefused):
    code = "MATRICULE_TWICE"
    fr = "Le matricule « {matricule} » est déjà ligne {first_line} avec un autre nom ou d'autres données."
    en = "The student number “{matricule}” is already on line {first_line} with another name or other data."


class EnrolmentTwice(RowRefused):
    code = "ENROLMENT_TWICE"
    fr = "Le matricule « {matricule} » est déjà ligne {first_line} : une ligne par étudiant et par programme."
    en = "The student number “{matricule}” is already on line {first_line}: one line per student and programme."


class ClassOfOtherProgramme(RowRefused):
    code = "CLASS_OF_OTHER_PROGRAMME"
    fr = "La classe « {class_code} » appartient au programme « {owner} », pas à « {programme} »."
    en = "The class “{class_code}” belongs to the programme “{owner}”, not to “{programme}”."


class UnknownSchoolYear(RowRefused):
    code = "SCHOOL_YEAR_UNKNOWN"
    fr = "L'année scolaire « {year} » n'existe pas. Écrivez-la comme 2024-2025 : elle sera créée."
    en = "The school year “{year}” does not exist. Write it like 2024-2025: it will be made."


class EndsBeforeItStarts(RowRefused):
    code = "ENROLMENT_ENDS_BEFORE_IT_STARTS"
    fr = "L'inscription finit le {ends_on:%d/%m/%Y}, avant de commencer le {starts_on:%d/%m/%Y}."
    en = "The enrolment ends on {ends_on:%d/%m/%Y}, before it starts on {starts_on:%d/%m/%Y}."


class BadgeTwice(RowRefused):
    code = "BADGE_TWICE"
    fr = "Le badge « {badge} » est déjà ligne {first_line}. Un badge n'est porté que par une personne."
    en = "The badge “{badge}” is already on line {first_line}. Only one person carries a badge."
