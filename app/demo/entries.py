"""What happened in the books on 31 December 2024, piece by piece. Amounts are in minor units."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from app.demo.personas import PERSONAS, Persona
from app.demo.places import CAMPUSES, GROUPS, Group
from app.domains.finance.journal_records import Analytic, Line

DAY = date(2024, 12, 31)
DUE = date(2025, 1, 15)
STUDENTS, WALLETS, DEFERRED = "4111", "4191", "477"
TUITION, MEALS = "7061", "7078"
BANK, MOBILE, CASH, FEES = "521", "552", "571", "631"
LABELS = {
    STUDENTS: "Étudiants",
    WALLETS: "Étudiants, avances et acomptes reçus",
    DEFERRED: "Produits constatés d'avance",
    TUITION: "Frais de scolarité",
    MEALS: "Restauration",
    BANK: "Banque",
    MOBILE: "Monnaie électronique",
    CASH: "Caisse",
    FEES: "Frais bancaires",
}
TREASURY = {"bank": BANK, "orange_money": MOBILE, "wave": MOBILE, "mtn": MOBILE, "cash": CASH}
COMMISSION = 100
"""An operator keeps one part in a hundred."""
_GROUPS = {group.code: group for group in GROUPS}


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry. `reverses` is the reference of the piece it takes back."""

    journal: str
    ref: str
    label: str
    lines: tuple[Line, ...]
    currency: str = "XOF"
    source: str | None = None
    reverses: str | None = None


def pieces() -> list[Piece]:
    """The whole day, in the order of posting."""
    debtors = [persona for persona in PERSONAS if persona.status == "active"]
    return [
        *_invoices(debtors),
        *_mistake(debtors[0]),
        *_payments(debtors),
        *_top_ups(debtors),
        *_meals(),
        _cut_off(),
    ]


def _debit(account: str, amount: int, **others: object) -> Line:
    return Line(account, LABELS[account], debit=amount, **others)  # type: ignore[arg-type]


def _credit(account: str, amount: int, **others: object) -> Line:
    return Line(account, LABELS[account], credit=amount, **others)  # type: ignore[arg-type]


def _of(persona: Persona) -> dict[str, str]:
    return {"aux_account": persona.matricule, "aux_label": f"{persona.last_name} {persona.first_name}"}


def _third(persona: Persona) -> tuple[Group, int]:
    """The class of a student and the instalment of the new year: 30 % of the fees."""
    group = _GROUPS[persona.group]
    return group, group.study.fee * 30 // 100


def _invoices(debtors: list[Persona]) -> Iterator[Piece]:
    for number, persona in enumerate(debtors, 1):
        group, amount = _third(persona)
        section = Analytic("CAMPUS", CAMPUSES[group.campus].upper(), amount)
        letter = {"lettering": f"A{chr(64 + number)}", "lettered_at": DAY} if number % 2 else {}
        yield Piece(
            "VT",
            f"FA-2024-{9000 + number}",
            f"Scolarité, 2e échéance, {group.study.label}",
            (
                _debit(STUDENTS, amount, due_date=DUE, **_of(persona), **letter),
                _credit(TUITION, amount, analytic=(section,)),
            ),
            group.study.currency,
            "invoice",
        )


def _mistake(persona: Persona) -> Iterator[Piece]:
    """An invoice posted twice, and the reversal that takes the second one back."""
    _, amount = _third(persona)
    lines = (_debit(STUDENTS, amount, **_of(persona)), _credit(TUITION, amount))
    yield Piece("VT", "FA-2024-9001-BIS", "Scolarité, saisie deux fois", lines, source="invoice")
    back = tuple(replace(line, debit=line.credit, credit=line.debit) for line in lines)
    yield Piece("VT", "EX-2024-0001", "Extourne de FA-2024-9001-BIS", back, reverses="FA-2024-9001-BIS")


def _payments(debtors: list[Persona]) -> Iterator[Piece]:
    """Every second invoice is paid the same day; what comes by an operator comes without its commission."""
    for number, persona in list(enumerate(debtors, 1))[::2]:
        group, amount = _third(persona)
        provider = list(TREASURY)[number // 2 % len(TREASURY)] if group.study.currency == "XOF" else "bank"
        fee = amount // COMMISSION if TREASURY[provider] == MOBILE else 0
        received = _debit(TREASURY[provider], amount - fee, payment_mode=provider)
        kept = (_debit(FEES, fee),) if fee else ()
        settled = _credit(STUDENTS, amount, **_of(persona), lettering=f"A{chr(64 + number)}", lettered_at=DAY)
        label = f"Règlement {persona.last_name}"
        lines = (received, *kept, settled)
        yield Piece("BQ", f"RG-2024-{4000 + number}", label, lines, group.study.currency, "payment")


def _top_ups(debtors: list[Persona]) -> Iterator[Piece]:
    """Money for the canteen is a debt to the student, not revenue."""
    for number, persona in enumerate(debtors[:5], 1):
        amount = 5_000 * number
        lines = (_debit(MOBILE, amount, payment_mode="wave"), _credit(WALLETS, amount, **_of(persona)))
        yield Piece("BQ", f"RC-2024-{700 + number}", f"Recharge cantine {persona.last_name}", lines, source="top_up")


def _meals() -> Iterator[Piece]:
    """One piece for each restaurant and day, whatever the number of meals."""
    for campus, count, price in (("DK", 412, 1_000), ("TH", 238, 800)):
        amount = count * price
        section = Analytic("CAMPUS", CAMPUSES[campus].upper(), amount)
        lines = (_debit(WALLETS, amount), _credit(MEALS, amount, analytic=(section,)))
        yield Piece("CN", f"CN-{campus}-20241231", f"{count} repas, campus de {CAMPUSES[campus]}", lines)


def _cut_off() -> Piece:
    """The part of the year's tuition that is for the months to come."""
    amount = 184_500_000
    lines = (_debit(TUITION, amount), _credit(DEFERRED, amount))
    return Piece("OD", "PCA-2024", "Produits constatés d'avance au 31/12/2024", lines)
