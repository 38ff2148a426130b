"""What the usual integrations may do. A preset is named when a key is issued; the key keeps the scopes it was given."""

from dataclasses import dataclass

from app.core.scopes import Scope
from app.domains.partners.errors import UnknownPreset


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    scopes: frozenset[Scope]
    fr: str
    en: str
    by_hand: bool = False
    """Its keys are issued by the command line on the server alone, never by a key of the school."""


def _preset(name: str, *scopes: Scope, fr: str, en: str, by_hand: bool = False) -> Preset:
    return Preset(name, frozenset(scopes), fr, en, by_hand)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        _preset(
            "cantine",
            Scope.BADGES_READ,
            fr="Cantine : qui porte ce badge, et rien d'autre",
            en="Canteen: who carries this badge, and nothing else",
        ),
        _preset(
            "tourniquet",
            Scope.ACCESS_CHECK,
            Scope.ACCESS_RECORD,
            fr="Tourniquet : contrôle d'accès et passages de ses zones",
            en="Turnstile: access checks and passages of its zones",
        ),
        _preset(
            "bibliotheque",
            Scope.STUDENTS_READ,
            fr="Bibliothèque : un étudiant par son matricule",
            en="Library: a student by matricule",
        ),
        _preset(
            "comptabilite",
            Scope.FINANCE_JOURNALS_READ,
            fr="Comptabilité : les journaux comptables",
            en="Accounting: the journals",
        ),
        _preset(
            "absences",
            Scope.ABSENCES_WRITE,
            fr="Absences : les enregistrer",
            en="Absences: recording them",
        ),
        _preset(
            "scolarite",
            Scope.FINANCE_STATUS_READ,
            fr="Scolarité : situation financière verte ou rouge, sans montants",
            en="Registry: green or red financial status, without amounts",
        ),
        _preset(
            "annuaire",
            Scope.STUDENTS_READ,
            Scope.EVENTS_READ,
            Scope.WEBHOOKS_READ,
            Scope.WEBHOOKS_MANAGE,
            fr="Annuaire : les événements des étudiants, et leur identité",
            en="Directory: what happens to students, and who they are",
        ),
        _preset(
            "moodle",
            Scope.STUDENTS_READ,
            Scope.EVENTS_READ,
            Scope.WEBHOOKS_READ,
            Scope.WEBHOOKS_MANAGE,
            fr="Moodle : les événements des étudiants, et leur identité",
            en="Moodle: what happens to students, and who they are",
        ),
        _preset(
            "core",
            Scope.STUDENTS_LIST,
            Scope.STUDENTS_READ,
            Scope.STUDENTS_DETAILS_READ,
            Scope.STUDENTS_WRITE,
            Scope.ENROLMENTS_READ,
            Scope.ENROLMENTS_WRITE,
            Scope.PROGRAMMES_READ,
            Scope.PROGRAMMES_WRITE,
            Scope.SCHOOL_YEARS_READ,
            Scope.SCHOOL_YEARS_WRITE,
            Scope.BADGES_LIST,
            Scope.BADGES_WRITE,
            Scope.FEES_READ,
            Scope.FEES_WRITE,
            Scope.INVOICES_READ,
            Scope.INVOICES_WRITE,
            Scope.PAYMENTS_READ,
            Scope.PAYMENTS_WRITE,
            Scope.PAYMENTS_REFUND,
            Scope.WALLETS_READ,
            Scope.WALLETS_WRITE,
            Scope.WALLETS_CORRECT,
            Scope.FINANCE_BOOKS_READ,
            Scope.FINANCE_JOURNALS_WRITE,
            Scope.FINANCE_PERIODS_WRITE,
            Scope.FINANCE_ACCOUNTS_WRITE,
            Scope.PASSAGES_READ,
            Scope.ZONES_READ,
            Scope.ZONES_WRITE,
            Scope.ABSENCES_WRITE,
            Scope.ABSENCES_READ,
            Scope.ABSENCES_JUSTIFY,
            Scope.EVENTS_READ,
            Scope.WEBHOOKS_READ,
            Scope.WEBHOOKS_MANAGE,
            fr="Skooly lui-même : tout ce que l'école lit et écrit",
            en="Skooly itself: all that the school reads and writes",
            by_hand=True,
        ),
        _preset(
            "admin",
            Scope.PARTNERS_MANAGE,
            Scope.KEYS_MANAGE,
            Scope.AUDIT_READ,
            fr="Console : les partenaires de l'école, leurs clés et l'audit",
            en="Console: the school's partners, their keys and the audit",
            by_hand=True,
        ),
    )
}


PLATFORM = _preset(
    "platform",
    Scope.SCHOOLS_MANAGE,
    fr="Plateforme : les écoles de ce serveur, jamais leurs données",
    en="Platform: the schools of this server, never their data",
    by_hand=True,
)
"""What a key without a school may do."""


def preset_named(name: str) -> Preset:
    """A preset for keys of a school. Raises UnknownPreset, which lists those there are."""
    try:
        return PRESETS[name]
    except KeyError:
        raise UnknownPreset(field="preset", preset=name, known=", ".join(PRESETS)) from None
