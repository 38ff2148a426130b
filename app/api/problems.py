"""The one table that knows HTTP: every code a failure can carry, its status and its title."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.core.errors import Language, SkoolyError


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    fr: str
    en: str

    def title(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en


PROBLEMS: Mapping[str, Problem] = {
    # The request
    "MALFORMED_JSON": Problem(400, "JSON illisible", "Malformed JSON"),
    "MALFORMED_REQUEST": Problem(400, "Requête GraphQL mal formée", "Malformed GraphQL request"),
    "BATCH_REFUSED": Problem(400, "Une seule opération par requête", "One operation a request"),
    "PERSISTED_QUERY_REFUSED": Problem(400, "Documents persistés non pris en charge", "No persisted queries"),
    "MALFORMED_HTTP": Problem(400, "Requête HTTP illisible", "Unreadable HTTP request"),
    "UNKNOWN_PATH": Problem(404, "Chemin inconnu", "Unknown path"),
    "METHOD_NOT_ALLOWED": Problem(405, "Méthode non autorisée", "Method not allowed"),
    "NOT_ACCEPTABLE": Problem(406, "Format de réponse indisponible", "Not acceptable"),
    "REQUEST_TOO_SLOW": Problem(408, "Requête trop lente", "Request too slow"),
    "BODY_TOO_LARGE": Problem(413, "Corps de requête trop volumineux", "Body too large"),
    "UNSUPPORTED_MEDIA_TYPE": Problem(415, "Type de contenu non pris en charge", "Unsupported media type"),
    "HEAD_TOO_LARGE": Problem(431, "En-têtes trop volumineux", "Headers too large"),
    "ORIGIN_REFUSED": Problem(403, "Site non autorisé", "Site not allowed"),
    "TOO_MANY_SUBSCRIPTIONS": Problem(409, "Trop d'opérations à la fois", "Too many operations at a time"),
    "TOO_MANY_CONNECTIONS": Problem(429, "Trop de connexions ouvertes", "Too many open connections"),
    # The key
    "UNAUTHENTICATED": Problem(401, "Clé d'API requise", "API key required"),
    "CONFLICTING_KEYS": Problem(401, "Deux clés différentes", "Two different keys"),
    "INSUFFICIENT_SCOPE": Problem(403, "Droits insuffisants", "Insufficient scope"),
    "INSUFFICIENT_ZONE": Problem(403, "Zone fermée à cette clé", "Zone closed to this key"),
    "RATE_LIMITED": Problem(429, "Budget de la minute dépensé", "Rate limited"),
    # The operation
    "GRAPHQL_PARSE_FAILED": Problem(400, "Document GraphQL illisible", "Unreadable GraphQL document"),
    "GRAPHQL_VALIDATION_FAILED": Problem(400, "Document GraphQL invalide", "Invalid GraphQL document"),
    "UNKNOWN_OPERATION": Problem(400, "Opération introuvable dans le document", "No such operation"),
    "LIMIT_EXCEEDED": Problem(400, "Opération trop grande", "Operation too large"),
    "COST_EXCEEDED": Problem(400, "Opération trop coûteuse", "Operation too expensive"),
    "MIXED_INTROSPECTION": Problem(400, "Introspection mêlée aux données", "Introspection mixed with data"),
    "WAITS_BESIDE_OTHERS": Problem(400, "Attente mêlée à d'autres champs", "Wait beside other fields"),
    "NOT_A_STREAM": Problem(400, "Abonnement sans flux", "Subscription without a stream"),
    "BAD_USER_INPUT": Problem(400, "Variable refusée", "Variable refused"),
    "INVALID_INPUT": Problem(422, "Valeur refusée", "Value refused"),
    # What the operation asks for
    "LOG_GAP": Problem(410, "Événements effacés", "Events are gone"),
    "TOPIC_UNKNOWN": Problem(422, "Sujet inconnu", "Unknown topic"),
    "TOPIC_CLOSED": Problem(403, "Sujet fermé à cette clé", "Topic closed to this key"),
    "BAD_CURSOR": Problem(400, "Curseur invalide", "Invalid cursor"),
    "STUDENT_NOT_FOUND": Problem(404, "Étudiant inconnu", "Unknown student"),
    "BADGE_NOT_FOUND": Problem(404, "Badge inconnu", "Unknown badge"),
    "CLASS_NOT_FOUND": Problem(404, "Classe inconnue", "Unknown class"),
    "PROGRAMME_NOT_FOUND": Problem(404, "Programme inconnu", "Unknown programme"),
    "ENROLMENT_NOT_FOUND": Problem(404, "Inscription inconnue", "Unknown enrolment"),
    "SCHOOL_YEAR_NOT_FOUND": Problem(404, "Année scolaire inconnue", "Unknown school year"),
    "SCHOOL_NOT_FOUND": Problem(404, "École inconnue", "Unknown school"),
    "KEY_NOT_FOUND": Problem(404, "Clé inconnue", "Unknown key"),
    "ABSENCE_NOT_FOUND": Problem(404, "Absence inconnue", "Unknown absence"),
    "PARTNER_NOT_FOUND": Problem(404, "Partenaire inconnu", "Unknown partner"),
    "PRESET_NOT_OFFERED": Problem(403, "Profil réservé au serveur", "Preset kept to the server"),
    "ZONES_NOT_OFFERED": Problem(403, "Zones hors de portée", "Zones out of reach"),
    "UNKNOWN_ZONE": Problem(404, "Zone inconnue", "Unknown zone"),
    "INVOICE_NOT_FOUND": Problem(404, "Facture inconnue", "Unknown invoice"),
    "FEE_SCHEDULE_NOT_FOUND": Problem(404, "Barème inconnu", "Unknown fee schedule"),
    "PAYMENT_NOT_FOUND": Problem(404, "Paiement inconnu", "Unknown payment"),
    "WALLET_NOT_FOUND": Problem(404, "Porte-monnaie inconnu", "Unknown wallet"),
    "JOURNAL_NOT_FOUND": Problem(404, "Journal inconnu", "Unknown journal"),
    "ENTRY_NOT_FOUND": Problem(404, "Écriture inconnue", "Unknown entry"),
    "PERIOD_NOT_FOUND": Problem(404, "Période inconnue", "Unknown period"),
    "FISCAL_YEAR_NOT_FOUND": Problem(404, "Exercice inconnu", "Unknown fiscal year"),
    "ACCOUNT_NOT_FOUND": Problem(404, "Compte inconnu", "Unknown account"),
    "MATRICULE_TAKEN": Problem(409, "Matricule déjà pris", "Matricule taken"),
    "ALREADY_ENROLLED": Problem(409, "Déjà inscrit", "Already enrolled"),
    "STATUS_CONFLICT": Problem(409, "Changement de statut impossible", "Impossible change of status"),
    "STUDENT_GONE": Problem(409, "Étudiant parti", "Student gone"),
    "CLOSED_TO_ENROLMENT": Problem(409, "Fermé aux inscriptions", "Closed to enrolment"),
    "OTHER_PROGRAMME": Problem(409, "Autre programme", "Another programme"),
    "CODE_TAKEN": Problem(409, "Code déjà pris", "Code taken"),
    "NOT_IN_CLASS": Problem(409, "Hors de la classe", "Not in the class"),
    "ZONE_CODE_TAKEN": Problem(409, "Code de zone déjà pris", "Zone code taken"),
    "SCHOOL_CODE_TAKEN": Problem(409, "Code d'école déjà pris", "School code taken"),
    "KEY_ALREADY_REVOKED": Problem(409, "Clé déjà révoquée", "Key already revoked"),
    "KEY_ALREADY_SHOWN": Problem(409, "Clé déjà montrée", "Key already shown"),
    "PARTNER_NAME_TAKEN": Problem(409, "Nom de partenaire déjà pris", "Partner name taken"),
    "ABSENCE_OVERLAP": Problem(409, "Absence déjà enregistrée", "Absence already recorded"),
    "INVOICE_NUMBER_TAKEN": Problem(409, "Numéro de facture déjà pris", "Invoice number taken"),
    "INVOICE_CANCELLED": Problem(409, "Facture annulée", "Cancelled invoice"),
    "INVOICE_SETTLED": Problem(409, "Facture déjà réglée", "Settled invoice"),
    "CREDIT_TOO_LARGE": Problem(409, "Avoir trop élevé", "Credit too large"),
    "FEE_SCHEDULE_TAKEN": Problem(409, "Code de barème déjà pris", "Fee schedule code taken"),
    "FEE_SCHEDULE_RETIRED": Problem(409, "Barème retiré", "Retired fee schedule"),
    "FEE_SCHEDULE_MISMATCH": Problem(409, "Barème d'un autre public", "Fee schedule for others"),
    "ALREADY_BILLED": Problem(409, "Déjà facturé", "Already billed"),
    "ALLOCATION_TOO_LARGE": Problem(409, "Montant trop élevé", "Amount too large"),
    "REFUND_TOO_LARGE": Problem(409, "Remboursement trop élevé", "Refund too large"),
    "REFUND_CONFLICT": Problem(409, "Référence de remboursement déjà utilisée", "Refund reference taken"),
    "PAYMENT_CONFLICT": Problem(409, "Référence de paiement déjà utilisée", "Payment reference taken"),
    "WALLET_CONFLICT": Problem(409, "Référence de mouvement déjà utilisée", "Wallet reference taken"),
    "INSUFFICIENT_BALANCE": Problem(409, "Solde insuffisant", "Insufficient balance"),
    "FISCAL_YEAR_TAKEN": Problem(409, "Exercice déjà ouvert", "Fiscal year taken"),
    "PERIOD_CLOSED": Problem(409, "Période close", "Period closed"),
    "ENTRY_IMMUTABLE": Problem(409, "Écriture validée", "Validated entry"),
    "JOURNAL_TAKEN": Problem(409, "Journal déjà créé", "Journal taken"),
    "ENTRY_NOT_VALIDATED": Problem(409, "Écriture encore en brouillard", "Entry still a draft"),
    "ENTRY_ALREADY_REVERSED": Problem(409, "Écriture déjà extournée", "Entry already reversed"),
    "ENTRY_MADE_FROM_FACT": Problem(409, "Écriture issue d'une pièce", "Entry made from a piece"),
    "ENTRY_NUMBER_FOLLOWED": Problem(409, "Numéro d'écriture suivi d'autres", "Entry number followed"),
    "PERIOD_HAS_DRAFTS": Problem(409, "Période avec des brouillards", "Period with drafts"),
    "PERIOD_OUT_OF_ORDER": Problem(409, "Périodes dans le désordre", "Periods out of order"),
    "PERIOD_UNCHANGED": Problem(409, "Période déjà dans cet état", "Period unchanged"),
    "FISCAL_YEAR_OVERLAPS": Problem(409, "Exercices qui se recouvrent", "Fiscal years overlap"),
    "FISCAL_YEAR_CLOSED": Problem(409, "Exercice clos", "Fiscal year closed"),
    "FISCAL_YEAR_HAS_OPEN_PERIODS": Problem(409, "Périodes encore ouvertes", "Periods still open"),
    "FISCAL_YEAR_OUT_OF_ORDER": Problem(409, "Exercices dans le désordre", "Fiscal years out of order"),
    "FISCAL_YEAR_UNCHANGED": Problem(409, "Exercice déjà dans cet état", "Fiscal year unchanged"),
    "ACCOUNT_TAKEN": Problem(409, "Compte déjà au plan", "Account taken"),
    "ACCOUNT_MAP_MISSING": Problem(409, "Aucun plan comptable choisi", "No chart chosen"),
    "CHART_IN_USE": Problem(409, "Plan comptable déjà utilisé", "Chart in use"),
    "IDEMPOTENCY_IN_FLIGHT": Problem(409, "Demande déjà en cours", "Request in progress"),
    "IDEMPOTENCY_KEY_REUSED": Problem(422, "Clé d'idempotence réutilisée", "Idempotency key reused"),
    "ABSENCE_ENDS_FIRST": Problem(422, "Fin avant le début", "End before the start"),
    "ABSENCE_OUT_OF_RANGE": Problem(422, "Absence trop lointaine", "Absence too far away"),
    "ABSENCE_TOO_LONG": Problem(422, "Absence trop longue", "Absence too long"),
    "OFFSET_MISSING": Problem(422, "Décalage horaire absent", "Offset missing"),
    "SCHOOL_YEAR_INVALID": Problem(422, "Dates d'année scolaire", "Days of a school year"),
    "CLASS_TOO_LARGE": Problem(422, "Classe trop grande", "Class too large"),
    "PASSAGE_IN_FUTURE": Problem(422, "Passage dans le futur", "Passage in the future"),
    "PASSAGE_TOO_OLD": Problem(422, "Passage trop ancien", "Passage too old"),
    "CURRENCY_MISMATCH": Problem(422, "Autre devise attendue", "Another currency expected"),
    "NO_FISCAL_PERIOD": Problem(422, "Aucun exercice à cette date", "No fiscal year on this date"),
    "UNBALANCED_ENTRY": Problem(422, "Écriture déséquilibrée", "Unbalanced entry"),
    "LINE_NOT_ONE_SIDED": Problem(422, "Ligne au débit ou au crédit", "A line has one side"),
    "UNKNOWN_TIMEZONE": Problem(422, "Fuseau horaire inconnu", "Unknown time zone"),
    "KEY_REQUEST_INVALID": Problem(422, "Clé impossible", "Impossible key"),
    "UNKNOWN_PRESET": Problem(422, "Profil inconnu", "Unknown preset"),
    "GRACE_NOT_OFFERED": Problem(422, "Délai non proposé", "Grace not offered"),
    "NETWORK_UNREADABLE": Problem(422, "Réseau illisible", "Unreadable network"),
    # Where webhooks go
    "ENDPOINT_NOT_FOUND": Problem(404, "Point de réception inconnu", "Unknown endpoint"),
    "DELIVERY_NOT_FOUND": Problem(404, "Livraison inconnue", "Unknown delivery"),
    "TOO_MANY_ENDPOINTS": Problem(409, "Trop de points de réception", "Too many endpoints"),
    "ACCESS_ENDED": Problem(409, "Plus de clé pour ce point", "No key for this endpoint"),
    "REPLAY_NOT_OPEN": Problem(403, "Événement fermé à l'intégration", "Event closed to the integration"),
    "DELIVERY_UNDER_WAY": Problem(409, "Livraison encore en route", "Delivery still under way"),
    "TOO_MANY_SECRETS": Problem(409, "Trop de secrets en service", "Too many secrets in use"),
    "ENDPOINT_DISABLED": Problem(409, "Point de réception désactivé", "Endpoint disabled"),
    "FACT_UNKNOWN": Problem(422, "Fait inconnu", "Unknown fact"),
    "FILTER_REFUSED": Problem(422, "Filtre refusé", "Filter refused"),
    "ZONE_NOT_FILTERED": Problem(422, "Zone à préciser", "Zone to be named"),
    "SECRET_REFUSED": Problem(422, "Secret refusé", "Secret refused"),
    "OVERLAP_OUT_OF_RANGE": Problem(422, "Recouvrement refusé", "Overlap refused"),
    "REPLAY_WITHOUT_OFFSET": Problem(422, "Décalage horaire absent", "Offset missing"),
    "REPLAY_TOO_OLD": Problem(422, "Reprise trop ancienne", "Recovery goes too far back"),
    "URL_TOO_LONG": Problem(422, "Adresse trop longue", "URL too long"),
    "URL_MALFORMED": Problem(422, "Adresse illisible", "Unreadable URL"),
    "URL_SCHEME_REFUSED": Problem(422, "Protocole refusé", "Scheme refused"),
    "URL_USERINFO_REFUSED": Problem(422, "Nom d'utilisateur dans l'adresse", "User name in the URL"),
    "URL_FRAGMENT_REFUSED": Problem(422, "Fragment dans l'adresse", "Fragment in the URL"),
    "URL_HOST_REFUSED": Problem(422, "Nom qui n'est pas public", "Name that is not public"),
    "URL_HOST_AMBIGUOUS": Problem(422, "Nom ambigu", "Ambiguous name"),
    "URL_PORT_REFUSED": Problem(422, "Port refusé", "Port refused"),
    "URL_OWN_HOST_REFUSED": Problem(422, "Adresse de Skooly lui-même", "Skooly's own URL"),
    "URL_ADDRESS_NOT_PUBLIC": Problem(422, "Adresse qui n'est pas publique", "Address that is not public"),
    "HEADER_RESERVED": Problem(422, "En-tête réservé", "Reserved header"),
    "HEADER_MALFORMED": Problem(422, "En-tête refusé", "Header refused"),
    "HEADER_REPEATED": Problem(422, "En-tête répété", "Repeated header"),
    "TOO_MANY_HEADERS": Problem(422, "Trop d'en-têtes", "Too many headers"),
    # What became of a call to one: told of an attempt, never of a request
    "NAME_UNRESOLVED": Problem(502, "Nom introuvable", "Name not found"),
    "ADDRESS_REFUSED": Problem(502, "Adresse refusée", "Address refused"),
    "CONNECT_FAILED": Problem(502, "Connexion refusée", "Connection refused"),
    "TLS_FAILED": Problem(502, "Certificat refusé", "Certificate refused"),
    "TIMED_OUT": Problem(504, "Pas de réponse à temps", "No answer in time"),
    "CONNECTION_BROKEN": Problem(502, "Connexion coupée", "Connection broken"),
    "ANSWER_UNREADABLE": Problem(502, "Réponse illisible", "Unreadable answer"),
    "ANSWER_HEAD_TOO_LARGE": Problem(502, "En-têtes de réponse trop longs", "Headers of the answer too long"),
    "NO_SOCKET_LEFT": Problem(503, "Plus de connexion libre", "No connection left"),
    # What ends a stream that was under way
    "SLOW_CONSUMER": Problem(503, "Lecture trop lente", "Slow consumer"),
    "SHUTTING_DOWN": Problem(503, "Arrêt du serveur", "Shutting down"),
    "KEY_CHANGED": Problem(403, "Droits de la clé changés", "Key changed"),
    "STREAM_FAILED": Problem(500, "Flux interrompu", "Stream failed"),
    # The server
    "LOG_BROKEN": Problem(500, "Journal des événements incomplet", "Broken event log"),
    "LOG_NOT_OPENED": Problem(500, "Journal des événements absent", "No event log"),
    "INTERNAL_ERROR": Problem(500, "Erreur interne", "Internal error"),
    "UNAVAILABLE": Problem(503, "Service indisponible", "Service unavailable"),
    "TIMEOUT": Problem(504, "Délai dépassé", "Timed out"),
}

OF_STREAMS = frozenset({"NOT_A_STREAM", "SLOW_CONSUMER", "SHUTTING_DOWN", "STREAM_FAILED"})
"""Only told of a subscription: REST has none."""
UNFORESEEN = PROBLEMS["INTERNAL_ERROR"]
RETRY_AFTER_SECONDS = 5
_RETRIED = frozenset({503})


def problem_of(code: str) -> Problem:
    return PROBLEMS.get(code, UNFORESEEN)


def status_of(code: str) -> int:
    return problem_of(code).status


def headers_of(failure: SkoolyError) -> dict[str, str]:
    """What the status obliges to: a time to come back, a way to authenticate."""
    status = status_of(failure.code)
    if status == 429:
        return {"retry-after": str(failure.facts["seconds"])}
    if status in _RETRIED:
        return {"retry-after": str(RETRY_AFTER_SECONDS)}
    if status == 401:
        return {"www-authenticate": 'Bearer realm="skooly"'}
    return {}


def named_failures() -> Iterator[type[SkoolyError]]:
    """Every imported failure that can be raised. A class called …Error only groups its kinds."""
    waiting: list[type[SkoolyError]] = [SkoolyError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if hasattr(kind, "code") and not kind.__name__.endswith("Error"):
            yield kind
