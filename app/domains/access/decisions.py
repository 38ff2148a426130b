"""What the answer to an access check can be."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import Language


class Reason(StrEnum):
    """Why somebody is denied, in the order of the checks: of several, the first is told."""

    UNKNOWN_BADGE = "UNKNOWN_BADGE"
    BADGE_REVOKED = "BADGE_REVOKED"
    NOT_ENROLLED = "NOT_ENROLLED"
    ZONE_FORBIDDEN = "ZONE_FORBIDDEN"
    TUITION_UNPAID = "TUITION_UNPAID"
    OUTSIDE_MEAL_WINDOW = "OUTSIDE_MEAL_WINDOW"
    ANTI_PASSBACK = "ANTI_PASSBACK"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"

    def message(self, language: Language) -> str:
        """A few words for the display of a turnstile."""
        fr, en = _MESSAGES[self]
        return fr if language == "fr" else en


_MESSAGES = {
    Reason.UNKNOWN_BADGE: ("Badge inconnu", "Unknown badge"),
    Reason.BADGE_REVOKED: ("Badge révoqué", "Badge revoked"),
    Reason.NOT_ENROLLED: ("Non inscrit", "Not enrolled"),
    Reason.ZONE_FORBIDDEN: ("Zone interdite", "Zone forbidden"),
    Reason.TUITION_UNPAID: ("Scolarité impayée", "Tuition unpaid"),
    Reason.OUTSIDE_MEAL_WINDOW: ("Hors des heures de repas", "Outside meal times"),
    Reason.ANTI_PASSBACK: ("Déjà passé", "Already passed"),
    Reason.INSUFFICIENT_BALANCE: ("Solde insuffisant", "Insufficient balance"),
}


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """Granted where there is no reason to deny. `first_name` is known for those who are let in, and only then."""

    zone: str
    reason: Reason | None
    first_name: str | None

    @property
    def granted(self) -> bool:
        return self.reason is None
