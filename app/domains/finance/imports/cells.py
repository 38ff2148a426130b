"""Cells that files of money share."""

from app.core.money import exponent
from app.core.tabular import Column, choice, identifier, text, unread_amount

_FRANCS = {"FCFA", "CFA", "F", "FRANCS"}
_SIGNS = {"€": "EUR", "EURO": "EUR", "EUROS": "EUR", "$": "USD"}

MATRICULE = Column(
    "matricule",
    "Matricule",
    "Student number",
    identifier(str),
    ("n° matricule", "numéro étudiant", "n° étudiant", "student id", "identifiant"),
    required=True,
    filled=True,
)
CURRENCY = Column("currency", "Devise", "Currency", text(10), ("monnaie",))

KINDS = choice(
    {
        "tuition": ("scolarité", "frais de scolarité", "inscription", "écolage"),
        "canteen": ("cantine", "restauration", "restaurant"),
        "other": ("autre", "divers"),
    }
)
PROVIDERS = choice(
    {
        "orange_money": ("Orange Money", "OM", "Orange"),
        "wave": ("Wave",),
        "mtn": ("MTN", "MTN MoMo", "MoMo", "MTN Mobile Money"),
        "bank": ("banque", "virement", "virement bancaire", "chèque", "transfer"),
        "cash": ("espèces", "caisse", "liquide"),
    }
)


def amount_column(name: str, fr: str, en: str, *aliases: str, filled: bool = False) -> Column:
    """An amount that is read once the currency of its line is known."""
    return Column(name, fr, en, unread_amount, aliases, required=filled, filled=filled)


def currency_code(written: str | None, own: str) -> str:
    """The ISO code of what a cell names; `own`, the school's, where it is empty. "FCFA" is West or Central by school.

    Raises InvalidInput for a currency we do not know.
    """
    if written is None:
        return own
    word = "".join(written.upper().replace(".", "").split())
    code = own if own in ("XOF", "XAF") and word in _FRANCS else "XOF" if word in _FRANCS else _SIGNS.get(word, word)
    exponent(code)
    return code
