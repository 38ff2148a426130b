"""The root of every named failure.

A failure carries a stable code and the words for a person; it never carries an HTTP status: one table in
`app.api.problems` knows HTTP.
"""

from typing import ClassVar, Literal

Language = Literal["fr", "en"]


class SkoolyError(Exception):
    """A named failure. `fr` and `en` are templates filled with `facts`; `field` names the input at fault."""

    code: ClassVar[str]
    fr: ClassVar[str]
    en: ClassVar[str]

    def __init__(self, *, field: str | None = None, **facts: object) -> None:
        self.field = field
        self.facts = facts
        super().__init__(self.message("en"))

    def message(self, language: Language) -> str:
        template = self.fr if language == "fr" else self.en
        return template.format(**self.facts)


class InvalidInput(SkoolyError):
    """An input that is well typed but cannot be accepted."""

    code = "INVALID_INPUT"
    fr = "Valeur refusée : {reason_fr}."
    en = "Value refused: {reason_en}."

    def __init__(self, *, field: str | None = None, reason_fr: str, reason_en: str) -> None:
        super().__init__(field=field, reason_fr=reason_fr, reason_en=reason_en)


class Unavailable(SkoolyError):
    """A server this one depends on does not answer; trying again later is right."""

    code = "UNAVAILABLE"
    fr = "Le service est momentanément indisponible. Réessayez dans quelques secondes."
    en = "The service is briefly unavailable. Try again in a few seconds."
