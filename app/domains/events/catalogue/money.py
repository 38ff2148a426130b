"""Invoices, payments and wallets. Amounts are integers of minor units: 150000 is 150 000 XOF, or 1 500,00 EUR."""

from app.domains.events.catalogue.common import CURRENCY, MATRICULE, provider
from app.domains.events.catalogue.shapes import (
    Described,
    amount,
    choice,
    day,
    flag,
    listed,
    moment,
    nullable,
    number,
    record,
    text,
)
from app.domains.events.topics import Topic

KINDS = ("tuition", "canteen", "other")

_INVOICE = {
    "number": text("The invoice's number.", "F-2025-0042"),
    "matricule": MATRICULE,
    "kind": choice("What it is for.", "tuition", *KINDS),
    "label": text("What the family reads.", "Scolarité 2025-2026"),
    "currency": CURRENCY,
    "total": amount("The sum of its instalments", 450_000, exclusiveMinimum=0),
    "issued_on": day("When it was issued.", "2025-10-01"),
}
_FREED = amount("What had settled it and is free again", 0, minimum=0)
_PAYMENT = {
    "matricule": MATRICULE,
    "provider": provider(),
    "reference": text("The provider's own reference.", "WAVE-7F3A91"),
    "amount": amount("What was paid", 150_000, exclusiveMinimum=0),
    "currency": CURRENCY,
    "received_at": moment("When the provider received it.", "2025-10-03T08:12:44+00:00"),
}
_SHARE = record(
    {
        "invoice": text("The invoice's number.", "F-2025-0042"),
        "instalment": number("The instalment, from 1.", 1, minimum=1),
        "amount": amount("How much of the payment settles it", 150_000),
    }
)
_ENTRY = {
    "matricule": MATRICULE,
    "reference": text("Skooly's own reference.", "CANTINE-2025-10-06"),
    "amount": amount("What was added; negative for what was taken", -1_500),
    "currency": CURRENCY,
    "balance": amount("What the wallet holds afterwards", 3_500),
    "reason": nullable(text("Why, in the words of whoever did it.", "Repas du personnel")),
    "forced": flag("Whether it was taken although the wallet did not hold as much.", False),
}

_SCHEDULE = {
    "code": text("The schedule's code.", "INF-L1-2025"),
    "label": text("What its invoices say.", "Scolarité 2025-2026"),
    "kind": choice("What it bills.", "tuition", *KINDS),
    "currency": CURRENCY,
    "total": amount("The sum of its instalments", 450_000, exclusiveMinimum=0),
    "programme": nullable(text("Code of the programme it is for; null for all.", "INF")),
    "class": nullable(text("Code of the class it is for; null for all.", "INF-L1-DK")),
    "school_year": nullable(text("Code of the school year it is for; null for all.", "2025-2026")),
}

MONEY = (
    Described(Topic.FEE_SCHEDULE_CREATED, "Un barème de frais est créé.", "A fee schedule was made.", _SCHEDULE),
    Described(
        Topic.FEE_SCHEDULE_RETIRED,
        "Un barème ne facture plus personne.",
        "A fee schedule bills nobody any more.",
        _SCHEDULE,
    ),
    Described(Topic.INVOICE_ISSUED, "Une facture est émise.", "An invoice was issued.", _INVOICE),
    Described(
        Topic.INVOICE_UPDATED,
        "Une facture a changé, ou est de nouveau à payer.",
        "An invoice changed, or is open again.",
        _INVOICE,
    ),
    Described(
        Topic.INVOICE_CANCELLED,
        "Une facture est annulée.",
        "An invoice was cancelled.",
        _INVOICE | {"reason": nullable(text("Why.", "Facturée deux fois")), "freed": _FREED},
    ),
    Described(
        Topic.INVOICE_CREDITED,
        "Un avoir réduit une facture.",
        "A credit note takes something off an invoice.",
        _INVOICE
        | {
            "credit_number": text("The credit note's number.", "A-2025-0003"),
            "amount": amount("What the credit note takes off", 50_000, exclusiveMinimum=0),
            "reason": text("Why.", "Bourse"),
            "freed": _FREED,
            "credited": amount("All that credit notes have taken off by now", 50_000, exclusiveMinimum=0),
            "owed": amount("What is then left to pay", 250_000, minimum=0),
        },
    ),
    Described(Topic.INVOICE_PAID, "Une facture est entièrement réglée.", "An invoice is wholly settled.", _INVOICE),
    Described(Topic.PAYMENT_RECORDED, "Un paiement est reçu.", "A payment came in.", _PAYMENT),
    Described(
        Topic.PAYMENT_ALLOCATED,
        "Un paiement est réparti autrement entre les factures.",
        "A payment was divided anew between invoices.",
        _PAYMENT
        | {
            "unallocated": amount("What settles nothing yet", 0, minimum=0),
            "allocations": listed("All that it settles now.", _SHARE),
        },
    ),
    Described(
        Topic.PAYMENT_REFUNDED,
        "Un paiement est remboursé, en tout ou en partie.",
        "A payment was given back, in whole or in part.",
        {
            "matricule": MATRICULE,
            "payment_provider": provider("Through whom the payment came."),
            "payment_reference": text("The reference of the payment.", "WAVE-7F3A91"),
            "provider": provider("Through whom the money goes back."),
            "reference": text("The reference of the refund.", "WAVE-R-118"),
            "amount": amount("What goes back", 50_000, exclusiveMinimum=0),
            "currency": CURRENCY,
            "reason": text("Why.", "Départ en cours d'année"),
            "refunded_at": moment("When.", "2025-11-12T10:00:00+00:00"),
            "freed": _FREED,
        },
    ),
    Described(
        Topic.WALLET_TOPPED_UP,
        "Un porte-monnaie est rechargé.",
        "A wallet was topped up.",
        {
            "matricule": MATRICULE,
            "provider": provider(),
            "reference": text("The provider's own reference.", "WAVE-7F3B02"),
            "amount": amount("What was added", 5_000, exclusiveMinimum=0),
            "currency": CURRENCY,
            "balance": amount("What the wallet holds afterwards", 5_500),
        },
    ),
    Described(Topic.WALLET_DEBITED, "Un porte-monnaie est débité.", "A wallet was debited.", _ENTRY),
    Described(
        Topic.WALLET_CORRECTED,
        "Un porte-monnaie est corrigé à la main.",
        "A wallet was put right by hand.",
        _ENTRY,
    ),
    Described(
        Topic.WALLET_LOW,
        "Un porte-monnaie ne suffit plus pour le prochain repas.",
        "A wallet does not reach for the next meal.",
        {
            "matricule": MATRICULE,
            "currency": CURRENCY,
            "balance": amount("What it holds", 300),
            "threshold": amount("What the next meal costs", 500),
        },
    ),
)
