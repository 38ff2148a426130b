"""How the names of schools, partners and keys of the platform are read."""

from app.core.errors import InvalidInput
from app.core.text import refuse_control_characters

LONGEST_NAME = 120


def read_name(name: str, field: str = "name") -> str:
    """The name, trimmed. Raises InvalidInput naming `field`."""
    cleaned = refuse_control_characters(name, field).strip()
    if not 1 <= len(cleaned) <= LONGEST_NAME:
        raise InvalidInput(
            field=field, reason_fr=f"de 1 à {LONGEST_NAME} caractères", reason_en=f"1 to {LONGEST_NAME} characters"
        )
    return cleaned
