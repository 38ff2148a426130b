"""What can go wrong at a turnstile, apart from being denied.

AccessError
├── UnknownZone · InsufficientZone · ZoneCodeTaken
└── PassageInvalid    PassageInFuture · PassageTooOld
"""

from app.core.errors import SkoolyError


class AccessError(SkoolyError):
    """Groups the failures of this slice."""


class UnknownZone(AccessError):
    code = "UNKNOWN_ZONE"
    fr = "Aucune zone n'a le code « {zone} »."
    en = "No zone has the code “{zone}”."


class InsufficientZone(AccessError):
    code = "INSUFFICIENT_ZONE"
    fr = "Cette clé n'ouvre pas la zone « {zone} »."
    en = "This key does not open the zone “{zone}”."


class ZoneCodeTaken(AccessError):
    code = "ZONE_CODE_TAKEN"
    fr = "Une zone a déjà le code « {zone} »."
    en = "There is already a zone with the code “{zone}”."


class PassageInvalid(AccessError):
    """Groups what a passage cannot be."""


class PassageInFuture(PassageInvalid):
    code = "PASSAGE_IN_FUTURE"
    fr = "Le passage est daté de plus de {minutes} minutes dans le futur : l'horloge du lecteur avance."
    en = "The passage is dated more than {minutes} minutes ahead: the reader's clock is fast."


class PassageTooOld(PassageInvalid):
    code = "PASSAGE_TOO_OLD"
    fr = "Le passage a plus de {days} jours : il n'est plus accepté."
    en = "The passage is more than {days} days old: it is no longer accepted."
