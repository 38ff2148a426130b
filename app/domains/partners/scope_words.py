"""What each scope lets a key do, in words: for whoever issues a key, and for its holder."""

from app.core.errors import Language
from app.core.scopes import Scope

WORDS: dict[Scope, tuple[str, str]] = {
    Scope.STUDENTS_READ: ("Lire un étudiant par son matricule.", "Read a student by matricule."),
    Scope.STUDENTS_LIST: ("Parcourir tous les étudiants.", "Walk through all students."),
    Scope.STUDENTS_DETAILS_READ: ("Lire les détails d'un étudiant.", "Read a student's details."),
    Scope.STUDENTS_WRITE: ("Créer et modifier des étudiants.", "Create and change students."),
    Scope.ENROLMENTS_READ: ("Lire les inscriptions.", "Read enrolments."),
    Scope.ENROLMENTS_WRITE: ("Inscrire et changer de classe.", "Enrol and move students."),
    Scope.PROGRAMMES_READ: ("Lire les formations et les classes.", "Read programmes and classes."),
    Scope.PROGRAMMES_WRITE: ("Gérer les formations et les classes.", "Manage programmes and classes."),
    Scope.SCHOOL_YEARS_READ: ("Lire les années scolaires.", "Read school years."),
    Scope.SCHOOL_YEARS_WRITE: ("Gérer les années scolaires.", "Manage school years."),
    Scope.BADGES_LIST: ("Lire les badges d'un étudiant.", "Read a student's badges."),
    Scope.BADGES_WRITE: ("Donner et retirer des badges.", "Hand out and revoke badges."),
    Scope.PASSAGES_READ: ("Lire les passages.", "Read passages."),
    Scope.ZONES_READ: ("Lire les zones.", "Read zones."),
    Scope.ZONES_WRITE: ("Créer et modifier des zones.", "Create and change zones."),
    Scope.ABSENCES_READ: ("Lire les absences.", "Read absences."),
    Scope.ABSENCES_JUSTIFY: ("Justifier des absences.", "Justify absences."),
    Scope.BADGES_READ: ("Savoir qui porte un badge.", "Learn who carries a badge."),
    Scope.ACCESS_CHECK: ("Demander si un badge ouvre une zone.", "Ask whether a badge opens a zone."),
    Scope.ACCESS_RECORD: ("Enregistrer des passages.", "Record passages."),
    Scope.ABSENCES_WRITE: ("Enregistrer des absences.", "Record absences."),
    Scope.FINANCE_STATUS_READ: ("Lire la situation financière, sans montants.", "Read green or red, without amounts."),
    Scope.FINANCE_JOURNALS_READ: ("Lire les journaux comptables.", "Read the accounting journals."),
    Scope.FINANCE_JOURNALS_WRITE: ("Écrire dans les journaux.", "Write into the journals."),
    Scope.FINANCE_BOOKS_READ: ("Lire les livres comptables.", "Read the books."),
    Scope.FINANCE_PERIODS_WRITE: ("Ouvrir et clore des périodes.", "Open and close periods."),
    Scope.FINANCE_ACCOUNTS_WRITE: ("Gérer le plan comptable.", "Manage the chart of accounts."),
    Scope.FEES_READ: ("Lire les grilles de frais.", "Read fee schedules."),
    Scope.FEES_WRITE: ("Gérer les grilles de frais.", "Manage fee schedules."),
    Scope.INVOICES_READ: ("Lire les factures.", "Read invoices."),
    Scope.INVOICES_WRITE: ("Émettre et annuler des factures.", "Issue and cancel invoices."),
    Scope.PAYMENTS_READ: ("Lire les paiements.", "Read payments."),
    Scope.PAYMENTS_REFUND: ("Rembourser des paiements.", "Refund payments."),
    Scope.WALLETS_READ: ("Lire les porte-monnaie.", "Read wallets."),
    Scope.WALLETS_CORRECT: ("Corriger des porte-monnaie.", "Correct wallets."),
    Scope.PAYMENTS_WRITE: ("Enregistrer des paiements.", "Record payments."),
    Scope.WALLETS_WRITE: ("Recharger des porte-monnaie.", "Top up wallets."),
    Scope.EVENTS_READ: ("Suivre le journal des événements.", "Follow the log of events."),
    Scope.WEBHOOKS_READ: ("Voir les webhooks et leurs livraisons.", "See webhooks and their deliveries."),
    Scope.WEBHOOKS_MANAGE: ("Gérer les webhooks et rejouer.", "Manage webhooks and replay."),
    Scope.SCHOOLS_MANAGE: ("Ouvrir et modifier des écoles.", "Open and change schools."),
    Scope.PARTNERS_MANAGE: ("Gérer les partenaires de l'école.", "Manage the school's partners."),
    Scope.KEYS_MANAGE: ("Créer, remplacer et révoquer des clés.", "Issue, rotate and revoke keys."),
    Scope.AUDIT_READ: ("Chercher qui a vu qui.", "Search who saw whom."),
}


def words_of(scope: str, language: Language) -> str:
    """A scope that a key was given by an older version, and that is gone since, is told by its name."""
    french, english = WORDS.get(scope, (scope, scope))  # type: ignore[call-overload]
    return str(french if language == "fr" else english)
