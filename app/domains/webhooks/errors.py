"""What can go wrong with endpoints and deliveries, besides their URLs and headers (`app.core.outbound.errors`).

WebhooksError
├── EndpointNotFound · DeliveryNotFound · TooManyEndpoints
├── EndpointInvalid    FilterRefused · FactUnknown · ZoneNotFiltered · AccessEnded · EndpointDisabled
├── SecretError        SecretRefused · OverlapOutOfRange · TooManySecrets
└── ReplayError        DeliveryUnderWay · ReplayNotOpen · ReplayWithoutOffset · ReplayTooOld
"""

from app.core.errors import SkoolyError


class WebhooksError(SkoolyError):
    """Groups the failures of this slice."""


class EndpointNotFound(WebhooksError):
    code = "ENDPOINT_NOT_FOUND"
    fr = "Cette intégration n'a pas de point de réception « {endpoint} »."
    en = "This integration has no endpoint “{endpoint}”."


class DeliveryNotFound(WebhooksError):
    code = "DELIVERY_NOT_FOUND"
    fr = "Aucune livraison n'a l'identifiant « {delivery} »."
    en = "No delivery has the id “{delivery}”."


class TooManyEndpoints(WebhooksError):
    code = "TOO_MANY_ENDPOINTS"
    fr = "Une intégration a {most} points de réception au plus : supprimez-en un."
    en = "An integration has at most {most} endpoints: delete one."


class EndpointInvalid(WebhooksError):
    """Groups what an endpoint cannot be."""


class FilterRefused(EndpointInvalid):
    code = "FILTER_REFUSED"
    fr = "Filtre refusé : {most} conditions au plus, chacune sur un autre fait, nommé comme « zone »."
    en = "Filter refused: at most {most} conditions, each on another fact, named like “zone”."


class FactUnknown(EndpointInvalid):
    """An endpoint with such a filter would never hear anything."""

    code = "FACT_UNKNOWN"
    fr = "Aucun sujet choisi ne donne en texte tous les faits du filtre, dont « {fact} ». Faits possibles : {known}."
    en = "None of the chosen topics tells all facts of the filter as texts, “{fact}” included. Possible facts: {known}."


class ZoneNotFiltered(EndpointInvalid):
    """A key that is for some zones must not learn what happens in the others."""

    code = "ZONE_NOT_FILTERED"
    fr = "Cette clé n'ouvre que les zones {zones} : filtrez sur le fait « zone », égal à l'une d'elles."
    en = "This key opens only the zones {zones}: filter on the fact “zone”, equal to one of them."


class AccessEnded(EndpointInvalid):
    """What an integration may not ask for, it is not told of either."""

    code = "ACCESS_ENDED"
    fr = "Aucune clé en vigueur de l'intégration ne lit ce que ce point reçoit : émettez-en une, puis recommencez."
    en = "No key of the integration in force may read what this endpoint gets: issue one, then try again."


class EndpointDisabled(EndpointInvalid):
    code = "ENDPOINT_DISABLED"
    fr = "Ce point de réception est désactivé : il ne reçoit rien. Réactivez-le, puis recommencez."
    en = "This endpoint is disabled: it gets nothing. Resume it, then try again."


class SecretError(WebhooksError):
    """Groups the failures of signing secrets."""


class SecretRefused(SecretError):
    code = "SECRET_REFUSED"
    fr = "Un secret s'écrit « whsec_ » puis 24 à 64 octets en base64 : laissez Skooly en inventer un."
    en = "A secret is written “whsec_” and 24 to 64 bytes in base64: let Skooly make one."


class OverlapOutOfRange(SecretError):
    code = "OVERLAP_OUT_OF_RANGE"
    fr = "L'ancien secret signe encore de 0 à {most} heures."
    en = "The old secret signs for 0 to {most} more hours."


class TooManySecrets(SecretError):
    code = "TOO_MANY_SECRETS"
    fr = "{most} secrets signent déjà : attendez que le plus ancien expire, ou changez sans recouvrement (0 heure)."
    en = "{most} secrets sign already: wait until the oldest one expires, or rotate without overlap (0 hours)."


class ReplayError(WebhooksError):
    """Groups the failures of replays."""


class DeliveryUnderWay(ReplayError):
    code = "DELIVERY_UNDER_WAY"
    fr = "Cette livraison est encore en route : elle ne se rejoue qu'une fois terminée."
    en = "This delivery is still under way: it can be replayed once it has ended."


class ReplayNotOpen(ReplayError):
    code = "REPLAY_NOT_OPEN"
    fr = "Le point de réception n'écoute plus cet événement, ou aucune clé en vigueur ne le lit : il n'est pas renvoyé."
    en = "The endpoint no longer listens to this event, or no key in force may read it: it is not sent again."


class ReplayWithoutOffset(ReplayError):
    code = "REPLAY_WITHOUT_OFFSET"
    fr = "L'instant doit porter son décalage, comme 2025-01-13T08:00:00+00:00."
    en = "The instant needs its offset, like 2025-01-13T08:00:00+00:00."


class ReplayTooOld(ReplayError):
    code = "REPLAY_TOO_OLD"
    fr = "On reprend {days} jours en arrière au plus."
    en = "Recovering goes back {days} days at most."
