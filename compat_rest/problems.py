"""Errors as RFC 9457 problems: a stable type, a title, a detail for a person, the field at fault, the request id.

`type` is `/v1/problems/<code in kebab case>`: the facade serves a page there that explains the code. An absolute URI
would tie the contract to one host; every school's server, and its test server, gives the same text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple

import orjson

Language = Literal["fr", "en"]
MEDIA_TYPE = "application/problem+json"
SUMMED_UP = 3
"""Errors that `detail` repeats; `errors` has them all."""
PAGES = "/problems/"


class _Text(NamedTuple):
    fr: str
    en: str


class _Fact(NamedTuple):
    """`detail` says what to do about it, where the title alone would leave somebody alone with it."""

    status: int
    fr: str
    en: str
    detail: _Text | None = None


class Fault(Enum):
    """Every problem the facade itself finds. The application's own codes come with the gateway."""

    UNKNOWN_PATH = _Fact(
        404,
        "Chemin inconnu",
        "Unknown path",
        _Text(
            "Ce chemin n'existe pas. Une barre oblique dans une valeur s'écrit %2F.",
            "This path does not exist. A slash within a value is written %2F.",
        ),
    )
    NOT_FOUND = _Fact(
        404,
        "Introuvable",
        "Not found",
        _Text("Rien ne porte cet identifiant ici.", "Nothing here has this identifier."),
    )
    METHOD_NOT_ALLOWED = _Fact(
        405,
        "Méthode non autorisée",
        "Method not allowed",
        _Text("L'en-tête Allow donne les méthodes de ce chemin.", "The Allow header lists the methods of this path."),
    )
    NOT_ACCEPTABLE = _Fact(
        406,
        "Format de réponse indisponible",
        "Not acceptable",
        _Text(
            "Aucun format de l'en-tête Accept n'est servi ici : demandez application/json.",
            "No format of the Accept header is served here: ask for application/json.",
        ),
    )
    INVALID_PARAMETERS = _Fact(400, "Paramètres invalides", "Invalid parameters")
    URI_TOO_LONG = _Fact(
        414,
        "Adresse trop longue",
        "URI too long",
        _Text(
            "Ce qui suit « ? » dans l'adresse est trop long : 8192 octets au plus.",
            "What follows “?” in the address is too long: at most 8192 bytes.",
        ),
    )
    UNSUPPORTED_MEDIA_TYPE = _Fact(
        415,
        "Type de contenu non pris en charge",
        "Unsupported media type",
        _Text(
            "Le corps doit être du JSON en UTF-8, non compressé (Content-Type: application/json).",
            "The body must be JSON in UTF-8, not compressed (Content-Type: application/json).",
        ),
    )
    BODY_TOO_LARGE = _Fact(
        413,
        "Corps de requête trop volumineux",
        "Body too large",
        _Text(
            "Envoyez moins à la fois : le corps de la requête dépasse ce qui est admis.",
            "Send less at a time: the body of the request exceeds what is allowed.",
        ),
    )
    MALFORMED_JSON = _Fact(
        400,
        "JSON illisible",
        "Malformed JSON",
        _Text("Le corps n'est pas du JSON valide en UTF-8.", "The body is not valid JSON in UTF-8."),
    )
    INVALID_BODY = _Fact(422, "Champs invalides", "Invalid fields")
    INTERNAL_ERROR = _Fact(
        500,
        "Erreur interne",
        "Internal error",
        _Text(
            "L'erreur est de notre côté. Réessayez ; si elle persiste, donnez « requestId » au support.",
            "The error is ours. Try again; if it persists, tell support the “requestId”.",
        ),
    )

    @property
    def status(self) -> int:
        return self.value.status

    def title(self, language: Language) -> str:
        return self.value.fr if language == "fr" else self.value.en


class Reason(Enum):
    """Why one field or parameter is refused; `{…}` is filled from the facts of the case."""

    REQUIRED = _Text("Cette valeur est obligatoire.", "This value is required.")
    UNKNOWN = _Text(
        "Ce nom n'est pas connu ici. Noms connus : {choices}.", "This name is not known here. Known names: {choices}."
    )
    REPEATED = _Text("Cette valeur ne peut être donnée qu'une fois.", "This value can be given only once.")
    NULL = _Text("Cette valeur ne peut pas être nulle.", "This value cannot be null.")
    EMPTY = _Text("Cette valeur ne peut pas être vide.", "This value cannot be empty.")
    TOO_LONG = _Text("{limit} caractères au plus.", "At most {limit} characters.")
    CONTROL_CHARACTER = _Text("Les caractères de contrôle ne sont pas admis.", "Control characters are not allowed.")
    ENCODING = _Text(
        "L'encodage est invalide : UTF-8 et %XX attendus.", "The encoding is invalid: UTF-8 and %XX expected."
    )
    NOT_TEXT = _Text("Un texte est attendu.", "A text is expected.")
    NOT_INTEGER = _Text("Un nombre entier est attendu.", "A whole number is expected.")
    OUT_OF_RANGE = _Text("Le nombre doit être entre {low} et {high}.", "The number must be {low} to {high}.")
    NOT_NUMBER = _Text("Un nombre est attendu.", "A number is expected.")
    NOT_BOOLEAN = _Text("« true » ou « false » est attendu.", "“true” or “false” is expected.")
    NOT_A_CHOICE = _Text("Valeurs admises : {choices}.", "Allowed values: {choices}.")
    NOT_A_LIST = _Text("Une liste est attendue.", "A list is expected.")
    NOT_AN_OBJECT = _Text("Un objet est attendu.", "An object is expected.")
    ONE_OF = _Text("Un seul de ces champs est attendu : {choices}.", "Exactly one of these fields: {choices}.")
    NOT_A_DATE = _Text(
        "Une date AAAA-MM-JJ est attendue, par exemple 2024-12-31.",
        "A date YYYY-MM-DD is expected, 2024-12-31 for example.",
    )
    NOT_A_TIME = _Text("Une heure HH:MM[:SS] est attendue.", "A time HH:MM[:SS] is expected.")
    NOT_A_DATETIME = _Text(
        "Une date et heure avec fuseau est attendue, par exemple 2024-12-31T12:00:00Z.",
        "A date and time with an offset is expected, 2024-12-31T12:00:00Z for example.",
    )
    NOT_A_UUID = _Text("Un UUID est attendu.", "A UUID is expected.")
    NOT_A_DECIMAL = _Text(
        "Un nombre décimal entre guillemets est attendu, par exemple « 15000.00 ».",
        "A decimal number as a text is expected, “15000.00” for example.",
    )
    NOT_BASE64 = _Text("Un texte en base64 est attendu.", "A base64 text is expected.")
    REFUSED = _Text("Cette valeur n'est pas admise.", "This value is not allowed.")


@dataclass(frozen=True, slots=True)
class FieldError:
    """`field` is a parameter's name, or the path to a field of the body (`lines.0.amount`; "" is all of it)."""

    field: str
    reason: Reason
    place: str
    facts: Mapping[str, object] | None = None

    def detail(self, language: Language) -> str:
        text = self.reason.value.fr if language == "fr" else self.reason.value.en
        return text.format_map(self.facts or {})


class Problem(Exception):
    """The answer is this problem. `detail` is in the caller's language; without one `advice`, or the title, is said."""

    def __init__(
        self,
        status: int,
        code: str,
        titles: Mapping[str, str],
        detail: str | None = None,
        *,
        field: str | None = None,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
        advice: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.titles = titles
        self.advice: Mapping[str, str] = advice or titles
        self.detail = detail
        self.field = field
        self.errors = tuple(errors)
        self.headers: Mapping[str, str] = headers or {}
        self.extensions: Mapping[str, Any] = extensions or {}

    @classmethod
    def of(
        cls,
        fault: Fault,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        advice: Mapping[str, str] | None = None,
    ) -> "Problem":
        titles = {"fr": fault.value.fr, "en": fault.value.en}
        if advice is None and fault.value.detail:
            advice = fault.value.detail._asdict()
        return cls(fault.status, fault.name, titles, errors=errors, headers=headers, advice=advice)

    def body(self, prefix: str, language: Language, request_id: str) -> bytes:
        title = self.titles.get(language) or self.titles.get("fr") or self.code
        first = self.errors[0] if self.errors else None
        members: dict[str, Any] = {
            **self.extensions,
            "type": type_of(prefix, self.code),
            "title": title,
            "status": self.status,
            "detail": self.detail or (_summary(self.errors, language) if first else self.advice.get(language, title)),
            "code": self.code,
            "requestId": request_id,
        }
        if field := self.field or (first.field if first else None):
            members["field"] = field
        if self.errors:
            members["errors"] = [_entry(each, language) for each in self.errors]
        return orjson.dumps(members)


def type_of(prefix: str, code: str) -> str:
    return f"{prefix}{PAGES}{slug(code)}"


def slug(code: str) -> str:
    return code.lower().replace("_", "-")


def _entry(error: FieldError, language: Language) -> dict[str, str]:
    return {
        "field": error.field,
        "in": error.place,
        "code": error.reason.name,
        "detail": error.detail(language),
    }


def _summary(errors: tuple[FieldError, ...], language: Language) -> str:
    """The first errors. One that is about no field in particular is about the whole place it is in."""
    separator, place = (" : ", _PLACES) if language == "fr" else (": ", {})
    named = ((each.field or place.get(each.place, each.place), each.detail(language)) for each in errors[:SUMMED_UP])
    return " ".join(f"{field}{separator}{detail}" for field, detail in named)


_PLACES = {"body": "corps", "query": "paramètre"}
