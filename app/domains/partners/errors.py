"""What can go wrong with schools, partners, their keys and their retries.

PartnersError
├── SchoolError          SchoolCodeTaken · SchoolNotFound · UnknownTimezone
├── KeyRequestError      UnknownPreset · KeyNotFound · KeyAlreadyRevoked · GraceNotOffered · NetworkUnreadable
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


class KeyRequestError(PartnersError):
    code = "KEY_REQUEST_ERROR"
    fr = "La demande sur la clé est refusée."
    en = "The request about the key is refused."


class UnknownPreset(KeyRequestError):
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


class GraceNotOffered(KeyRequestError):
    code = "GRACE_NOT_OFFERED"
    fr = "Délai de {hours} h non proposé : {offered} h."
    en = "A grace of {hours} h is not offered: {offered} h."


class NetworkUnreadable(KeyRequestError):
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
