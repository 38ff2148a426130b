"""The books: journals, entries, periods, fiscal years and the account map."""

from app.domains.events.catalogue.common import CURRENCY
from app.domains.events.catalogue.shapes import (
    Described,
    amount,
    day,
    identifier,
    nullable,
    number,
    sometimes,
    text,
    words_by,
)
from app.domains.events.topics import Topic

_ENTRY = {
    "journal": text("The code of its journal.", "VE"),
    "number": nullable(number("Its number in the journal and fiscal year; null while it is a draft.", 118, minimum=1)),
    "entry_date": day("The day it is entered under.", "2025-10-01"),
    "piece_ref": text("The piece it comes from.", "F-2025-0042"),
    "currency": CURRENCY,
    "total": amount("The sum of its debits, which is that of its credits", 450_000, minimum=0),
}
_NUMBERED = _ENTRY | {"number": number("Its number in the journal and fiscal year.", 118, minimum=1)}
_JOURNAL = {"code": text("Its code.", "VE"), "label": text("Its name.", "Ventes")}
_REASON = text("Why it was opened again.", "Facture oubliée")
_PERIOD = {
    "period": text("Its code.", "2025-10"),
    "fiscal_year": text("The code of its fiscal year.", "2025"),
    "starts_on": day("Its first day.", "2025-10-01"),
    "ends_on": day("Its last day.", "2025-10-31"),
}
_YEAR = {
    "fiscal_year": text("Its code.", "2025"),
    "starts_on": day("Its first day.", "2025-01-01"),
    "ends_on": day("Its last day.", "2025-12-31"),
}

BOOKS = (
    Described(
        Topic.JOURNAL_ENTRY_POSTED,
        "Une écriture est saisie en brouillon.",
        "An entry was made, as a draft.",
        _ENTRY,
    ),
    Described(Topic.JOURNAL_ENTRY_CHANGED, "Un brouillon d'écriture a changé.", "A draft changed.", _ENTRY),
    Described(Topic.JOURNAL_ENTRY_DELETED, "Un brouillon d'écriture est supprimé.", "A draft was deleted.", _ENTRY),
    Described(
        Topic.JOURNAL_ENTRY_VALIDATED,
        "Une écriture est validée : elle ne changera plus.",
        "An entry became final.",
        _NUMBERED,
    ),
    Described(
        Topic.JOURNAL_ENTRY_REVERSED,
        "Une écriture validée est extournée par une autre.",
        "A final entry was reversed by another one.",
        _NUMBERED | {"reversed_by": identifier("The entry that reverses it.", "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")},
    ),
    Described(Topic.JOURNAL_CREATED, "Un journal comptable est ouvert.", "A journal was opened.", _JOURNAL),
    Described(Topic.JOURNAL_UPDATED, "Un journal comptable est renommé.", "A journal was renamed.", _JOURNAL),
    Described(
        Topic.PERIOD_CLOSED,
        "Une période est close : plus rien n'y entre.",
        "A period was closed: nothing is entered into it any more.",
        _PERIOD,
    ),
    Described(
        Topic.PERIOD_OPENED,
        "Une période close est rouverte.",
        "A closed period was opened again.",
        _PERIOD | {"reason": _REASON},
    ),
    Described(
        Topic.FISCAL_YEAR_OPENED,
        "Un exercice est ouvert, ou rouvert.",
        "A fiscal year was opened, perhaps again.",
        _YEAR | {"reason": sometimes(_REASON)},
    ),
    Described(Topic.FISCAL_YEAR_CLOSED, "Un exercice est clos.", "A fiscal year was closed.", _YEAR),
    Described(
        Topic.ACCOUNT_CREATED,
        "Un compte est ajouté au plan de l'école.",
        "An account was added to the school's chart.",
        {"code": text("The account.", "5211"), "label": text("Its name.", "Banque Atlantique")},
    ),
    Described(
        Topic.ACCOUNT_MAP_CHANGED,
        "L'école a changé les comptes ou les journaux où les faits sont passés.",
        "The school changed which accounts and journals take what.",
        {
            "chart": text("The chart of accounts it started from.", "syscohada"),
            "accounts": words_by("The account of each use.", {"receivable": "4111", "tuition": "7061"}),
            "journals": words_by("The journal of each use.", {"sales": "VE", "bank": "BQ"}),
        },
    ),
)
