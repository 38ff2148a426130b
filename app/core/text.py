"""Text as people type it, made comparable.

Look-ups under row-level security must be plain equality on stored text (`lower()` is not leakproof and would
turn an index into a scan), so identifiers are normalised here, before they reach the database.
"""

import unicodedata
from dataclasses import dataclass

from app.core.errors import InvalidInput

_PRINTABLE = r"[^\u0000-\u001f\u007f-\u009f]*"
_MARK = r"[^\s\u0000-\u001f\u007f-\u009f]"


@dataclass(frozen=True, slots=True)
class Form:
    """What a text has to look like: checked here, and told as it is checked by the documentation of the API.

    At most `longest` characters as it is given, none of them a control character; not only spaces, unless `blank`.
    """

    longest: int
    blank: bool = False

    def read(self, text: str, field: str) -> str:
        """The text, trimmed. Raises InvalidInput naming `field`."""
        if len(text) > self.longest:
            raise InvalidInput(
                field=field,
                reason_fr=f"{self.longest} caractères au plus, il y en a {len(text)}",
                reason_en=f"at most {self.longest} characters, there are {len(text)}",
            )
        trimmed = refuse_control_characters(text, field).strip()
        if not (trimmed or self.blank):
            raise InvalidInput(field=field, reason_fr="elle ne peut pas être vide", reason_en="it cannot be empty")
        return trimmed

    @property
    def keywords(self) -> dict[str, object]:
        """The same in the words of JSON Schema."""
        if self.blank:
            return {"maxLength": self.longest, "pattern": f"^{_PRINTABLE}$"}
        return {"minLength": 1, "maxLength": self.longest, "pattern": f"^{_PRINTABLE}{_MARK}{_PRINTABLE}$"}


IDENTIFIER = Form(64)


def refuse_control_characters(text: str, field: str) -> str:
    """The text itself. Raises InvalidInput for control characters, NUL and lone surrogates."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise InvalidInput(
                field=field,
                reason_fr="les caractères de contrôle sont interdits, tabulations et sauts de ligne compris",
                reason_en="control characters are not allowed, nor tabs and line ends",
            )
    return text


def _identifier(text: str, field: str) -> str:
    """Measured as it is given: a caller cannot know that upper-casing lengthens some texts ("ß", "ΐ")."""
    return unicodedata.normalize("NFC", IDENTIFIER.read(text, field).upper())


def normalise_matricule(text: str) -> str:
    """The key under which a matricule is stored and found: NFC, single spaces, upper case, accents kept."""
    return " ".join(_identifier(text, "matricule").split())


def normalise_badge(text: str, field: str = "nfc") -> str:
    """A badge's text: trimmed and upper-cased, as readers disagree on case."""
    return _identifier(text, field)


def normalise_code(text: str, field: str) -> str:
    """Codes of zones, programmes, classes and journals: trimmed and upper-cased."""
    return _identifier(text, field)
