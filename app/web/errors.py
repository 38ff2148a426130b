"""What can be wrong with a request before anything is known about the operation it carries."""

from app.core.errors import SkoolyError


class RequestRefused(SkoolyError):
    """The request is turned away at the door. Only its kinds are raised."""


class MalformedHttp(RequestRefused):
    code = "MALFORMED_HTTP"
    fr = "La requête n'est pas du HTTP/1.1 valide : ligne de requête, en-têtes ou corps. La connexion est fermée."
    en = "The request is not valid HTTP/1.1: request line, headers or body. The connection is closed."


class HeadTooLarge(RequestRefused):
    code = "HEAD_TOO_LARGE"
    fr = (
        "L'adresse et les en-têtes dépassent ensemble {maximum} octets, ou {headers} en-têtes. La connexion est fermée."
    )
    en = "The address and the headers together exceed {maximum} bytes, or {headers} headers. The connection is closed."


class RequestTooSlow(RequestRefused):
    code = "REQUEST_TOO_SLOW"
    fr = "La requête n'est pas arrivée entière à temps. Vérifiez que son corps a bien la longueur annoncée."
    en = "The request did not arrive whole in time. Check that its body has the length it announces."


class UnknownPath(RequestRefused):
    code = "UNKNOWN_PATH"
    fr = "Ce chemin n'existe pas. La documentation est à /v1/docs."
    en = "There is no such path. The documentation is at /v1/docs."


class MethodNotAllowed(RequestRefused):
    code = "METHOD_NOT_ALLOWED"
    fr = "Méthode non autorisée ici : {allowed} seulement."
    en = "Method not allowed here: {allowed} only."


class NotAcceptable(RequestRefused):
    code = "NOT_ACCEPTABLE"
    fr = "Formats disponibles : {available}."
    en = "Available formats: {available}."


class UnsupportedMediaType(RequestRefused):
    code = "UNSUPPORTED_MEDIA_TYPE"
    fr = "Le corps doit être du JSON en UTF-8, non compressé (Content-Type: application/json)."
    en = "The body has to be JSON in UTF-8, not compressed (Content-Type: application/json)."


class BodyTooLarge(RequestRefused):
    code = "BODY_TOO_LARGE"
    fr = "Le corps de la requête dépasse {maximum} octets."
    en = "The request's body exceeds {maximum} bytes."


class MalformedJson(RequestRefused):
    code = "MALFORMED_JSON"
    fr = "Le corps n'est pas du JSON valide : {reason_fr}."
    en = "The body is not valid JSON: {reason_en}."


class MalformedRequest(RequestRefused):
    """`field` is the key of the GraphQL request at fault."""

    code = "MALFORMED_REQUEST"
    fr = "Requête GraphQL mal formée : {reason_fr}."
    en = "Malformed GraphQL request: {reason_en}."


class BatchRefused(RequestRefused):
    code = "BATCH_REFUSED"
    fr = "Une seule opération par requête : envoyez un objet, non une liste."
    en = "One operation a request: send an object, not a list."


class PersistedQueryRefused(RequestRefused):
    code = "PERSISTED_QUERY_REFUSED"
    fr = "Les documents persistés ne sont pas pris en charge : envoyez le texte dans « query »."
    en = "Persisted queries are not supported: send the text in “query”."


class ConflictingKeys(RequestRefused):
    code = "CONFLICTING_KEYS"
    fr = "La requête porte plusieurs clés différentes : n'en gardez qu'une."
    en = "The request carries several different keys: keep one."


class TooManyConnections(RequestRefused):
    """Of one key, to one process: sockets and event streams together. `seconds` from now, trying again is right."""

    code = "TOO_MANY_CONNECTIONS"
    fr = "Cette clé a déjà {maximum} connexions ouvertes. Fermez-en une, ou abonnez-vous plusieurs fois sur la même."
    en = "This key already has {maximum} open connections. Close one, or subscribe several times over the same."


class TooManySubscriptions(RequestRefused):
    code = "TOO_MANY_SUBSCRIPTIONS"
    fr = "Une connexion porte {maximum} opérations à la fois. Terminez-en une d'abord."
    en = "A connection carries {maximum} operations at a time. Complete one first."


class OriginRefused(RequestRefused):
    code = "ORIGIN_REFUSED"
    fr = "Les pages de ce site ne peuvent pas ouvrir de flux ici. L'exploitant tient la liste (SKOOLY_ALLOWED_ORIGINS)."
    en = "Pages of this site cannot open a stream here. The operator keeps the list (SKOOLY_ALLOWED_ORIGINS)."
