"""The people of the demo school one asks about by name, and what turnstiles and the registry answer, on any day.

The command line prints this table and the end-to-end tests go through it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Answer = str | None
"""The reason of a denial, or None for somebody who is let in."""
_EVERYWHERE: Mapping[str, Answer] = MappingProxyType({"RESTAURANT": None, "BIBLIOTHEQUE": None})


def _denied(reason: str) -> Mapping[str, Answer]:
    return MappingProxyType({"RESTAURANT": reason, "BIBLIOTHEQUE": reason})


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody to ask about.

    `tuition` is how the fees of the current year were paid: on_time (the two instalments that are due), all,
    scholarship, or late (half of the second is missing). `wallet` is in XOF; None is no wallet. `status` is active,
    suspended or graduated. `second_programme` is studied besides. `former_badge` no longer opens anything, and
    `taken_over` was somebody else's badge before. `at` holds what each zone answers to `badge`.
    """

    matricule: str
    first_name: str
    last_name: str
    badge: str
    group: str
    fr: str
    en: str
    tuition: Literal["on_time", "all", "scholarship", "late"] = "on_time"
    wallet: int | None = 12_000
    status: str = "active"
    second_programme: str | None = None
    former_badge: str | None = None
    taken_over: bool = False
    financial_status: Literal["green", "red"] = "green"
    at: Mapping[str, Answer] = field(default_factory=lambda: _EVERYWHERE)


PERSONAS = (
    Persona(
        "2024/INF/0123",
        "Aïssatou",
        "N'Diaye",
        "10001",
        "INF-L2-DK",
        fr="à jour ; l'opérateur a notifié son paiement deux fois",
        en="paid up; the operator announced her payment twice",
        at={**_EVERYWHERE, "LABO-INF": None, "BUFFET": "OUTSIDE_MEAL_WINDOW"},
    ),
    Persona(
        "2024/INF/0124",
        "Mamadou",
        "Diop",
        "12345",
        "INF-L2-DK",
        fr="scolarité payée, porte-monnaie vide",
        en="tuition paid, empty wallet",
        tuition="all",
        wallet=0,
        at={"RESTAURANT": "INSUFFICIENT_BALANCE", "BIBLIOTHEQUE": None, "LABO-INF": None},
    ),
    Persona(
        "2024/GES/0007",
        "Fatou",
        "Sow",
        "10002",
        "GES-L2-DK",
        fr="une échéance en retard, à moitié payée",
        en="one instalment overdue, half paid",
        tuition="late",
        financial_status="red",
        at={"RESTAURANT": "TUITION_UNPAID", "BIBLIOTHEQUE": None},
    ),
    Persona(
        "2024/GES/0011",
        "Moussa",
        "Fall",
        "10013",
        "GES-L2-DK",
        fr="a perdu le badge 10003, révoqué ; porte le 10013",
        en="lost badge 10003, revoked; carries 10013",
        former_badge="10003",
    ),
    Persona(
        "2023/SAN/0042",
        "Awa",
        "Traoré",
        "10004",
        "SAN-L3-DK",
        fr="boursière : l'État a payé l'année",
        en="on a scholarship: the State paid the year",
        tuition="scholarship",
    ),
    Persona(
        "2023/DRT/0003",
        "Ibrahima",
        "Sarr",
        "10005",
        "DRT-L3-DK",
        fr="suspendu",
        en="suspended",
        status="suspended",
        at=_denied("NOT_ENROLLED"),
    ),
    Persona(
        "2020/INF/0001",
        "Khady",
        "Gueye",
        "10006",
        "INF-M1-DK",
        fr="diplômée l'an dernier",
        en="graduated last year",
        status="graduated",
        at=_denied("NOT_ENROLLED"),
    ),
    Persona(
        "2024/DRT/0015",
        "Mariama",
        "Ba",
        "10007",
        "DRT-L2-DK",
        fr="première de deux étudiantes du même nom ; pas d'accès au laboratoire d'informatique",
        en="first of two students with one name; may not enter the computer laboratory",
        at={**_EVERYWHERE, "LABO-INF": "ZONE_FORBIDDEN"},
    ),
    Persona(
        "2024/SAN/0016",
        "Mariama",
        "Ba",
        "10008",
        "SAN-L2-TH",
        fr="seconde du même nom ; jamais eu de porte-monnaie",
        en="second with that name; never had a wallet",
        wallet=None,
        at={"RESTAURANT": "INSUFFICIENT_BALANCE", "BIBLIOTHEQUE": None},
    ),
    Persona(
        "2024/GES/0200",
        "Éléonore",
        "D'Almeida-Koné",
        "10009",
        "GES-L2-TH",
        fr="inscrite dans deux programmes, gestion et informatique",
        en="enrolled in two programmes, management and computing",
        second_programme="INF-L1-TH",
        at={**_EVERYWHERE, "LABO-INF": None},
    ),
    Persona(
        "GÉO 2023.07",
        "Jean-Baptiste",
        "Mendy",
        "04A1B2C3D4E5F6",
        "DRT-L3-TH",
        fr="matricule avec accent, espace et point ; badge en hexadécimal",
        en="a matricule with accent, space and dot; a hexadecimal badge",
    ),
    Persona(
        "2024/INT/0009",
        "Chloé",
        "Lefèvre",
        "10011",
        "INT-L2-DK",
        fr="facturée en euros",
        en="invoiced in euros",
    ),
    Persona(
        "2023/INF/0310",
        "Ousmane",
        "Cissé",
        "10012",
        "INF-L3-TH",
        fr="porte le badge 10012, qui était celui d'un autre",
        en="carries badge 10012, which was somebody else's",
        taken_over=True,
    ),
)

UNKNOWN_BADGE = "99999"
REVOKED_BADGE = "10003"
"""What a reader may meet besides: nobody's badge, and one that was revoked."""
