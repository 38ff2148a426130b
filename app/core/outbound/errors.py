"""What can go wrong with a call to somebody else's server.

OutboundError
├── UrlRefused       UrlTooLong · UrlMalformed · SchemeRefused · UserinfoRefused · FragmentRefused · HostRefused ·
│                    HostAmbiguous · PortRefused · OwnHostRefused · AddressNotPublic
├── HeaderRefused    HeaderReserved · HeaderMalformed · HeaderRepeated · TooManyHeaders
└── CallFailed       NameUnresolved · AddressRefused · ConnectFailed · TlsFailed · CallTimedOut · ConnectionBroken ·
                     AnswerUnreadable · HeadTooLarge · NoSocketLeft

The first two are told to whoever saves an endpoint, the third is what an attempt at calling it ends with.
"""

import errno

from app.core.errors import SkoolyError
from app.core.outbound.addresses import Address

NO_SOCKET = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What the system answers where this process or machine has no room for one more socket."""


class OutboundError(SkoolyError):
    """Groups the failures of calls to others."""


class UrlRefused(OutboundError):
    """Groups what a URL cannot be."""


class UrlTooLong(UrlRefused):
    code = "URL_TOO_LONG"
    fr = "L'adresse fait {length} caractères, {most} au plus : raccourcissez-la."
    en = "The URL has {length} characters, at most {most}: shorten it."


class UrlMalformed(UrlRefused):
    code = "URL_MALFORMED"
    fr = (
        "Ce n'est pas une adresse comme https://exemple.org/skooly : écrivez-la en entier, sans espace, tabulation, "
        "saut de ligne ni barre oblique inverse, et les accents du chemin en %C3%A9."
    )
    en = (
        "This is no URL like https://example.org/skooly: write it in full, without space, tab, line end or backslash, "
        "and the accents of its path as %C3%A9."
    )


class SchemeRefused(UrlRefused):
    code = "URL_SCHEME_REFUSED"
    fr = "L'adresse doit commencer par {expected}."
    en = "The URL must start with {expected}."


class UserinfoRefused(UrlRefused):
    code = "URL_USERINFO_REFUSED"
    fr = "L'adresse ne peut porter ni nom d'utilisateur ni mot de passe (« @ ») : donnez un en-tête à la place."
    en = "The URL may hold neither a user name nor a password (“@”): give a header instead."


class FragmentRefused(UrlRefused):
    code = "URL_FRAGMENT_REFUSED"
    fr = "L'adresse ne peut pas porter « # » : retirez ce qui suit, il ne serait jamais envoyé."
    en = "The URL may not hold “#”: remove what follows, it would never be sent."


class HostRefused(UrlRefused):
    code = "URL_HOST_REFUSED"
    fr = "« {host} » n'est pas un nom public : donnez le nom d'un serveur joignable depuis Internet."
    en = "“{host}” is not a public name: give the name of a server that the Internet reaches."


class HostAmbiguous(UrlRefused):
    code = "URL_HOST_AMBIGUOUS"
    fr = (
        "« {host} » se lit de plusieurs façons : écrivez le nom en lettres simples, ou l'adresse en entier (192.0.2.1)."
    )
    en = "“{host}” can be read in more than one way: write the name in plain letters, or the whole address (192.0.2.1)."


class PortRefused(UrlRefused):
    code = "URL_PORT_REFUSED"
    fr = "Le port {port} n'est pas permis : {allowed}."
    en = "Port {port} is not allowed: {allowed}."


class OwnHostRefused(UrlRefused):
    code = "URL_OWN_HOST_REFUSED"
    fr = "L'adresse est celle de Skooly lui-même : donnez celle de votre serveur."
    en = "The URL is Skooly's own: give that of your server."


class AddressNotPublic(UrlRefused):
    code = "URL_ADDRESS_NOT_PUBLIC"
    fr = "« {host} » mène à une adresse qui n'est pas publique : donnez un serveur joignable depuis Internet."
    en = "“{host}” leads to an address that is not public: give a server that the Internet reaches."


class HeaderRefused(OutboundError):
    """Groups what a custom header cannot be."""


class HeaderReserved(HeaderRefused):
    code = "HEADER_RESERVED"
    fr = "L'en-tête « {name} » est posé par Skooly : choisissez un autre nom."
    en = "The header “{name}” is set by Skooly: choose another name."


class HeaderMalformed(HeaderRefused):
    code = "HEADER_MALFORMED"
    fr = (
        "L'en-tête « {name} » est refusé : un nom en lettres, chiffres et tirets, et une valeur de {most} caractères "
        "ASCII au plus, sans tabulation ni saut de ligne."
    )
    en = (
        "The header “{name}” is refused: a name of letters, digits and hyphens, and a value of at most {most} ASCII "
        "characters without tab or line end."
    )


class HeaderRepeated(HeaderRefused):
    code = "HEADER_REPEATED"
    fr = "Un en-tête est donné deux fois : majuscules et minuscules ne font pas deux noms."
    en = "A header is given twice: upper and lower case make no two names."


class TooManyHeaders(HeaderRefused):
    code = "TOO_MANY_HEADERS"
    fr = "{most} en-têtes au plus, il y en a {count}."
    en = "At most {most} headers, there are {count}."


class CallFailed(OutboundError):
    """What an attempt ends with when no answer was read; `code` is kept with the attempt.

    `address` is the peer that was dialled, None where none was.
    """

    address: Address | None = None


class NameUnresolved(CallFailed):
    code = "NAME_UNRESOLVED"
    fr = "Le nom « {host} » n'a pas d'adresse, ou son serveur de noms ne répond pas."
    en = "The name “{host}” has no address, or its name server does not answer."


class AddressRefused(CallFailed):
    code = "ADDRESS_REFUSED"
    fr = "Le nom « {host} » mène à une adresse qui n'est pas publique : rien n'a été envoyé."
    en = "The name “{host}” leads to an address that is not public: nothing was sent."


class ConnectFailed(CallFailed):
    code = "CONNECT_FAILED"
    fr = "Le serveur a refusé la connexion, ou n'est pas joignable."
    en = "The server refused the connection, or cannot be reached."


class TlsFailed(CallFailed):
    code = "TLS_FAILED"
    fr = "Le certificat est expiré, inconnu ou d'un autre nom, ou TLS a échoué : {reason}."
    en = "The certificate has expired, is unknown or names another host, or TLS failed: {reason}."


class CallTimedOut(CallFailed):
    code = "TIMED_OUT"
    fr = "Pas de réponse complète en {seconds:g} s."
    en = "No whole answer within {seconds:g} s."


class ConnectionBroken(CallFailed):
    code = "CONNECTION_BROKEN"
    fr = "Le serveur a fermé la connexion avant d'avoir répondu en entier."
    en = "The server closed the connection before its answer was whole."


class AnswerUnreadable(CallFailed):
    code = "ANSWER_UNREADABLE"
    fr = "La réponse n'est pas du HTTP/1.1."
    en = "The answer is not HTTP/1.1."


class HeadTooLarge(CallFailed):
    code = "ANSWER_HEAD_TOO_LARGE"
    fr = "Les en-têtes de la réponse dépassent {most} octets."
    en = "The headers of the answer exceed {most} bytes."


class NoSocketLeft(CallFailed):
    """Says nothing about the server that was meant: it was never asked."""

    code = "NO_SOCKET_LEFT"
    fr = "Skooly n'avait plus de connexion libre : rien n'a été envoyé."
    en = "Skooly had no connection left: nothing was sent."
