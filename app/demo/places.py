"""What the demo school teaches and where: campuses, programmes, classes, and zones behind turnstiles."""

from dataclasses import dataclass, field
from datetime import time

MEAL_PRICE = 1_000
"""XOF; what a meal costs at the RESTAURANT."""
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class Study:
    """A programme. `fee` is for a year, in minor units of `currency`."""

    code: str
    label: str
    fee: int
    currency: str = "XOF"


STUDIES = (
    Study("INF", "Informatique", 750_000),
    Study("GES", "Gestion", 600_000),
    Study("DRT", "Droit", 500_000),
    Study("SAN", "Sciences de la santé", 900_000),
    Study("INT", "Management international", 240_000, "EUR"),
)
LEVELS = {"L1": "licence 1", "L2": "licence 2", "L3": "licence 3", "M1": "master 1"}
CAMPUSES = {"DK": "Dakar", "TH": "Thiès"}
CLASS_SIZE = 30


@dataclass(frozen=True, slots=True)
class Group:
    """A class: 5 programmes × 4 levels × 2 campuses make 40."""

    study: Study
    level: str
    campus: str

    @property
    def code(self) -> str:
        return f"{self.study.code}-{self.level}-{self.campus}"

    @property
    def label(self) -> str:
        return f"{self.study.label}, {LEVELS[self.level]}, campus de {CAMPUSES[self.campus]}"


GROUPS = tuple(Group(study, level, campus) for study in STUDIES for level in LEVELS for campus in CAMPUSES)


@dataclass(frozen=True, slots=True)
class Window:
    """When a zone serves a meal. `weekdays` are ISO; None is the one day that comes three days after the start."""

    meal: str
    opens_at: time
    closes_at: time
    weekdays: tuple[int, ...] | None = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Place:
    """A zone. `programmes` is empty where it is for everybody."""

    code: str
    label: str
    price: int = 0
    requires_tuition: bool = False
    anti_passback_seconds: int = 0
    windows: tuple[Window, ...] = ()
    programmes: tuple[str, ...] = field(default=())


PLACES = (
    Place(
        "RESTAURANT",
        "Restaurant universitaire, campus de Dakar",
        MEAL_PRICE,
        requires_tuition=True,
        anti_passback_seconds=900,
    ),
    Place("BIBLIOTHEQUE", "Bibliothèque"),
    Place("CAMPUS", "Portail du campus de Dakar", anti_passback_seconds=120),
    Place("CAMPUS-THIES", "Portail du campus de Thiès", anti_passback_seconds=120),
    Place(
        "CANTINE-THIES",
        "Cantine, campus de Thiès",
        800,
        requires_tuition=True,
        windows=(Window("dejeuner", time(11, 30), time(14, 30)), Window("diner", time(19), time(21))),
    ),
    Place("FOYER", "Foyer de nuit", 300, windows=(Window("nuit", time(22), time(2)),)),
    Place("BUFFET", "Buffet hebdomadaire", 1_500, windows=(Window("buffet", time(12), time(14), weekdays=None),)),
    Place("LABO-INF", "Laboratoire d'informatique", programmes=("INF",)),
)
