"""What can go wrong with schools, partners, their keys and their retries.

PartnersError
├── SchoolError          SchoolCodeTaken · SchoolNotFound · UnknownTimezone
├── PartnerError         PartnerNotFound · PartnerNameTaken
├── KeyRequestError      KeyNotFound · KeyAlreadyRevoked · KeyAlreadyShown · PresetNotOffered · ZonesNotOffered
│   └── KeyRequestInvalid   UnknownPreset · GraceNotOffered · NetworkUnreadable
├── KeyRefused           KeyMissing · KeyMalformed · KeyUnknown · KeyExpired · KeyRevoked · KeyAddressRefused
└── IdempotencyError     IdempotencyKeyReused · IdempotencyInFlight
"""

from app.core.errors import SkoolyError


class PartnersError(SkoolyError):
    code = "PARTNERS_ERROR"
    fr = "La demande sur les partenaires ou leurs clés est refusée."
    en = "The request about partners or their keys is refused."


class SchoolError(PartnersError):
    code = "SCHOOL_ERROR"
    fr = "La demande sur l'école est refusée."
    en = "The request about the school is refused."


class SchoolCodeTaken(SchoolError):
    code = "SCHOOL_CODE_TAKEN"
    fr = "Le code d'école « {school} » est déjà pris."
    en = "The school code “{school}” is already taken."


class SchoolNotFound(SchoolError):
    code = "SCHOOL_NOT_FOUND"
    fr = "Aucune école n'a le code « {school} »."
    en = "No school has the code “{school}”."


class UnknownTimezone(SchoolError):
    code = "UNKNOWN_TIMEZONE"
    fr = "Fuseau horaire inconnu : « {timezone} » (un nom comme Africa/Dakar)."
    en = "Unknown time zone: “{timezone}” (a name like Africa/Dakar)."


class PartnerError(PartnersError):
    code = "PARTNER_ERROR"
    fr = "La demande sur le partenaire est refusée."
    en = "The request about the partner is refused."


class PartnerNotFound(PartnerError):
    code = "PARTNER_NOT_FOUND"
    fr = "Aucun partenaire de cette école ne s'appelle « {partner} »."
    en = "No partner of this school is called “{partner}”."


class PartnerNameTaken(PartnerError):
    code = "PARTNER_NAME_TAKEN"
    fr = "Un partenaire de cette école s'appelle déjà « {partner} »."
    en = "A partner of this school is already called “{partner}”."


class KeyRequestError(PartnersError):
    code = "KEY_REQUEST_ERROR"
    fr = "La demande sur la clé est refusée."
    en = "The request about the key is refused."


class KeyRequestInvalid(KeyRequestError):
    code = "KEY_REQUEST_INVALID"
    fr = "Une clé ne peut pas être comme demandé."
    en = "A key cannot be as it was asked for."


class UnknownPreset(KeyRequestInvalid):
    code = "UNKNOWN_PRESET"
    fr = "Profil inconnu : « {preset} » (connus : {known})."
    en = "Unknown preset: “{preset}” (known: {known})."


class KeyNotFound(KeyRequestError):
    code = "KEY_NOT_FOUND"
    fr = "Aucune clé de cette école n'a l'identifiant « {key_id} »."
    en = "No key of this school has the id “{key_id}”."


class KeyAlreadyRevoked(KeyRequestError):
    code = "KEY_ALREADY_REVOKED"
    fr = "La clé « {key_id} » est révoquée, expirée ou déjà remplacée."
    en = "The key “{key_id}” is revoked, expired or already replaced."


class KeyAlreadyShown(KeyRequestError):
    """The request is repeated; the key's text was in the first answer and is kept nowhere."""

    code = "KEY_ALREADY_SHOWN"
    fr = (
        "Cette demande a déjà été satisfaite : la clé « {key_id} » a été montrée une fois et n'est gardée nulle part. "
        "Si elle est perdue, remplacez-la sans délai de grâce, ou révoquez-la et demandez-en une autre."
    )
    en = (
        "This request was already fulfilled: the key “{key_id}” was shown once and is kept nowhere. "
        "If it is lost, rotate it without grace, or revoke it and ask for another."
    )


class PresetNotOffered(KeyRequestError):
    """Keys of this preset are issued on the server, by its command line."""

    code = "PRESET_NOT_OFFERED"
    fr = "Une clé « {preset} » se crée sur le serveur seulement (./skooly keys), jamais avec une clé de l'école."
    en = "A “{preset}” key is made on the server alone (./skooly keys), never with a key of the school."


class ZonesNotOffered(KeyRequestError):
    """A key that is bound to zones lets nobody further than it goes itself."""

    code = "ZONES_NOT_OFFERED"
    fr = "Cette clé n'ouvre que les zones {zones} : elle ne peut en confier d'autres."
    en = "This key opens the zones {zones} only: it cannot hand out others."


class GraceNotOffered(KeyRequestInvalid):
    code = "GRACE_NOT_OFFERED"
    fr = "Délai de {hours} h non proposé : {offered} h."
    en = "A grace of {hours} h is not offered: {offered} h."


class NetworkUnreadable(KeyRequestInvalid):
    code = "NETWORK_UNREADABLE"
    fr = "« {network} » n'est pas un réseau comme 203.0.113.0/24 ou 2001:db8::/32."
    en = "“{network}” is not a network like 203.0.113.0/24 or 2001:db8::/32."


class KeyRefused(PartnersError):
    """The caller is not let in.

    The subclasses say why for logs and metrics. The caller reads one code and one text for all of them but KeyMissing
    (it sent nothing, so there is nothing to learn): whoever tries keys must not learn that one exists, that it used
    to work, or from which network it would.
    """

    code = "UNAUTHENTICATED"
    fr = "Clé d'API refusée. Vérifiez qu'elle est copiée en entier et encore valable, ou demandez-en une à l'école."
    en = "The API key is refused. Check that it was copied whole and is still valid, or ask the school for one."


class KeyMissing(KeyRefused):
    code = "UNAUTHENTICATED"
    fr = "Clé d'API absente : envoyez l'en-tête X-API-KEY, ou Authorization: Bearer."
    en = "No API key: send the header X-API-KEY, or Authorization: Bearer."


class KeyMalformed(KeyRefused):
    """Not a key at all: the shape or the checksum is wrong. Refused without the database."""


class KeyUnknown(KeyRefused):
    """The id is unknown, or the secret is not the one of that id."""


class KeyExpired(KeyRefused):
    """Its time has passed, or its grace after a rotation has."""


class KeyRevoked(KeyRefused):
    """Taken back."""


class KeyAddressRefused(KeyRefused):
    """The key is bound to networks, and the caller is in none of them."""


class IdempotencyError(PartnersError):
    code = "IDEMPOTENCY_ERROR"
    fr = "La clé d'idempotence est refusée."
    en = "The idempotency key is refused."


class IdempotencyKeyReused(IdempotencyError):
    code = "IDEMPOTENCY_KEY_REUSED"
    fr = "Cette clé d'idempotence a déjà servi pour une autre demande : donnez-en une nouvelle."
    en = "This idempotency key was already used for another request: give a new one."


class IdempotencyInFlight(IdempotencyError):
    code = "IDEMPOTENCY_IN_FLIGHT"
    fr = "La même demande est en cours de traitement. Réessayez dans un instant."
    en = "The same request is being processed. Try again in a moment."
