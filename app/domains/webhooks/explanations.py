"""How an attempt ended, in words for whoever runs the receiver."""

from collections.abc import Mapping

from app.core.errors import Language
from app.domains.webhooks.outcomes import Kind

_EXPLANATIONS: Mapping[Kind, tuple[str, str]] = {
    Kind.OK: ("Le récepteur a accepté.", "The receiver accepted."),
    Kind.HTTP_STATUS: (
        "Le récepteur n'a pas répondu 2xx : corrigez-le d'après son journal. Une redirection n'est jamais suivie.",
        "The receiver did not answer 2xx: its own log says why. A redirect is never followed.",
    ),
    Kind.TIMEOUT: (
        "Pas de réponse complète à temps : répondez d'abord, traitez ensuite.",
        "No whole answer in time: answer first, work afterwards.",
    ),
    Kind.DNS: ("Le nom du récepteur n'a pas d'adresse.", "The receiver's name has no address."),
    Kind.TLS: (
        "Le certificat du récepteur est expiré, inconnu ou d'un autre nom.",
        "The receiver's certificate has expired, is unknown or names another host.",
    ),
    Kind.CONNECT: ("Le récepteur n'est pas joignable.", "The receiver cannot be reached."),
    Kind.RESET: (
        "Le récepteur a coupé la connexion avant d'avoir répondu.",
        "The receiver closed the connection before it had answered.",
    ),
    Kind.PROTOCOL: ("La réponse n'est pas du HTTP/1.1.", "The answer is not HTTP/1.1."),
    Kind.REFUSED_ADDRESS: (
        "L'adresse n'est pas publique ou n'est plus permise : rien n'a été envoyé.",
        "The address is not public or no longer allowed: nothing was sent.",
    ),
    Kind.RESPONSE_TOO_LARGE: (
        "Les en-têtes de la réponse sont trop longs.",
        "The headers of the answer are too long.",
    ),
    Kind.UNSIGNED: (
        "Une clé manque du côté de Skooly pour lire le secret : rien n'a été envoyé, l'envoi est repris.",
        "A key that opens the secret is missing on Skooly's side: nothing was sent; it is sent again.",
    ),
    Kind.OVERLOADED: (
        "Skooly n'avait plus de connexion libre : rien n'a été envoyé, l'envoi est repris.",
        "Skooly had no connection left: nothing was sent; it is sent again.",
    ),
    Kind.INTERRUPTED: (
        "Skooly a été arrêté pendant l'envoi, qui est repris.",
        "Skooly was stopped in mid-request; it is sent again.",
    ),
    Kind.LOST: (
        "Personne ne sait comment cet envoi a fini ; il est repris.",
        "Nobody knows how this request ended; it is sent again.",
    ),
}


def explain(outcome: str, language: Language) -> str:
    """A sentence about an outcome as the table holds it."""
    fr, en = _EXPLANATIONS[Kind(outcome)]
    return fr if language == "fr" else en
