"""What can go wrong with an absence.

AbsencesError
├── AbsenceNotFound · AbsenceOverlap
└── AbsenceInvalid    OffsetMissing · AbsenceEndsFirst · AbsenceTooLong · AbsenceOutOfRange
"""

from app.core.errors import SkoolyError


class AbsencesError(SkoolyError):
    """Groups the failures of this slice."""


class AbsenceNotFound(AbsencesError):
    code = "ABSENCE_NOT_FOUND"
    fr = "Aucune absence n'a l'identifiant « {absence_id} »."
    en = "No absence has the identifier “{absence_id}”."


class AbsenceOverlap(AbsencesError):
    code = "ABSENCE_OVERLAP"
    fr = "L'étudiant a déjà une absence sur cette période."
    en = "The student already has an absence in this period."


class AbsenceInvalid(AbsencesError):
    """Groups what an absence cannot be."""


class OffsetMissing(AbsenceInvalid):
    code = "OFFSET_MISSING"
    fr = "La date et l'heure doivent porter leur décalage, comme 2025-01-13T08:00:00+00:00."
    en = "The date and time need their offset, like 2025-01-13T08:00:00+00:00."


class AbsenceEndsFirst(AbsenceInvalid):
    code = "ABSENCE_ENDS_FIRST"
    fr = "La fin doit venir après le début."
    en = "The end must come after the start."


class AbsenceTooLong(AbsenceInvalid):
    code = "ABSENCE_TOO_LONG"
    fr = "Une absence dure {days} jours au plus."
    en = "An absence lasts at most {days} days."


class AbsenceOutOfRange(AbsenceInvalid):
    code = "ABSENCE_OUT_OF_RANGE"
    fr = "Une absence commence au plus {past} jours avant aujourd'hui et {ahead} jours après."
    en = "An absence starts at most {past} days before today and {ahead} days after."
