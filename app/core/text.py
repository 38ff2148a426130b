"""Text as people type it, made comparable.

Look-ups under row-level security must be plain equality on stored text (`lower()` is not leakproof and would
turn an index into a scan), so identifiers are normalised here, before they reach the database.
"""

import unicodedata

from app.core.errors import InvalidInput

LONGEST_IDENTIFIER = 64


def refuse_control_characters(text: str, field: str) -> str:
    """The text itself. Raises InvalidInput for control characters, NUL and lone surrogates."""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise InvalidInput(
                field=field,
                reason_fr="caractère de contrôle interdit",
                reason_en="control characters are not allowed",
            )
    return text


def _identifier(text: str, field: str) -> str:
    # Upper-casing can decompose and lengthen ("ß", "ΐ"): what is stored is composed and measured afterwards.
    cleaned = unicodedata.normalize("NFC", refuse_control_characters(text, field).upper()).strip()
    if not cleaned or len(cleaned) > LONGEST_IDENTIFIER:
        raise InvalidInput(
            field=field,
            reason_fr=f"de 1 à {LONGEST_IDENTIFIER} caractères",
            reason_en=f"1 to {LONGEST_IDENTIFIER} characters",
        )
    return cleaned


def normalise_matricule(text: str) -> str:
    """The key under which a matricule is stored and found: NFC, single spaces, upper case, accents kept."""
    return " ".join(_identifier(text, "matricule").split())


def normalise_badge(text: str, field: str = "nfc") -> str:
    """A badge's text: trimmed and upper-cased, as readers disagree on case."""
    return _identifier(text, field)


def normalise_code(text: str, field: str) -> str:
    """Codes of zones, programmes, classes and journals: trimmed and upper-cased."""
    return _identifier(text, field)
