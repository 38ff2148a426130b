"""Facts that several topics tell."""

from app.domains.events.catalogue.shapes import Fact, choice, text

MATRICULE = text("The student's matricule, as the school writes it.", "2024/INF/0123")
CURRENCY = text("The currency of the amounts, ISO 4217.", "XOF", pattern="^[A-Z]{3}$")
PROVIDERS = ("orange_money", "wave", "mtn", "bank", "cash")


def provider(description: str = "Through whom the money came.") -> Fact:
    return choice(description, "wave", *PROVIDERS)
