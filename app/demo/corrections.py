"""What goes otherwise than planned: a fee taken off, a payment made once too often, a wallet put right.

Nobody of the personas: their scenes stay as they are. Drawn last, so that nobody else changes either.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from app.demo.calendar import Calendar, at
from app.demo.draft import Draft
from app.demo.people import Member
from app.domains.events.topics import Topic
from app.domains.finance.credit_tables import CreditLine, CreditNote, Refund
from app.domains.finance.facts import invoice_facts, payment_facts
from app.domains.finance.tables import Allocation, Instalment, Invoice, Payment, Wallet, WalletEntry

CREDITED, REFUNDED, CORRECTED, DEBITED = 4, 3, 3, 3
"""How many of each."""
TENTH = 10
DAYS_BACK = 5
CORRECTION, DEBIT = 500, -1_500
RICH = 8_000
"""XOF that a wallet holds at least which is put right: it is far from low afterwards."""


def draw_corrections(draft: Draft, calendar: Calendar, members: Iterable[Member]) -> None:
    others = {member.id: member for member in members if member.persona is None}
    moment = at(calendar.weekdays_before(DAYS_BACK)[-1], 15)
    _credit_some(draft, calendar, others, moment)
    _refund_some(draft, others, moment)
    _correct_wallets(draft, others, moment)


def _credit_some(draft: Draft, calendar: Calendar, others: dict[UUID, Member], moment: datetime) -> None:
    """A tenth off the last instalment of the current year, where nothing of it is paid yet."""
    paid = _sums(draft.rows[Allocation], "instalment_id")
    invoices = {row["id"]: row for row in draft.rows[Invoice]}
    open_ = (
        part
        for part in draft.rows[Instalment]
        if part["student_id"] in others and part["due_on"] == calendar.current.due[-1] and not paid[part["id"]]
    )
    for number, part in enumerate(islice(open_, CREDITED), 1):
        invoice = invoices[part["invoice_id"]]
        parts = [each for each in draft.rows[Instalment] if each["invoice_id"] == invoice["id"]]
        owed = invoice["total"] - sum(paid[each["id"]] for each in parts)
        _credit(draft, others[part["student_id"]], invoice, part, f"AV-{moment.year}-{number:06}", owed, moment)


def _credit(
    draft: Draft,
    member: Member,
    invoice: dict[str, Any],
    part: dict[str, Any],
    number: str,
    owed: int,
    moment: datetime,
) -> None:
    amount, reason = part["amount"] // TENTH, "Remise fratrie"
    note = {"invoice_id": invoice["id"], "number": number, "amount": amount, "reason": reason}
    note_id = draft.make(CreditNote, moment, **note, issued_on=moment.date(), created_at=moment)
    draft.make(CreditLine, moment, credit_note_id=note_id, instalment_id=part["id"], amount=amount)
    named = ("number", "kind", "label", "currency", "total", "issued_on")
    facts = invoice_facts(matricule=member.matricule, **{name: invoice[name] for name in named})
    told = {"credit_number": number, "amount": amount, "reason": reason, "freed": 0}
    left = {"credited": amount, "owed": owed - amount}
    draft.tell(Topic.INVOICE_CREDITED, invoice["id"], {**facts, **told, **left}, moment)


def _refund_some(draft: Draft, others: dict[UUID, Member], moment: datetime) -> None:
    """A family pays the same by another phone, and gets it back."""
    latest = {row["student_id"]: row for row in draft.rows[Payment] if row["student_id"] in others}
    for number, paid in enumerate(list(latest.values())[:REFUNDED], 1):
        again = {**paid, "provider": "wave", "reference": f"WV-DOUBLE-{number:03}", "received_at": moment}
        del again["id"]
        payment_id = draft.make(Payment, moment, **again)
        matricule = others[again.pop("student_id")].matricule
        draft.tell(Topic.PAYMENT_RECORDED, payment_id, payment_facts(matricule=matricule, **again), moment)
        back = {"provider": "wave", "reference": f"WV-RETOUR-{number:03}", "amount": paid["amount"]}
        back |= {"reason": "Payé deux fois"}
        refunded_at = moment.replace(hour=17)
        refund_id = draft.make(Refund, refunded_at, payment_id=payment_id, **back, refunded_at=refunded_at)
        of = {"matricule": matricule, "payment_provider": "wave", "payment_reference": again["reference"]}
        when = {"currency": paid["currency"], "refunded_at": refunded_at.isoformat(), "freed": 0}
        draft.tell(Topic.PAYMENT_REFUNDED, refund_id, {**of, **back, **when}, refunded_at)


def _correct_wallets(draft: Draft, others: dict[UUID, Member], moment: datetime) -> None:
    balances = _sums(draft.rows[WalletEntry], "wallet_id")
    rich = (row for row in draft.rows[Wallet] if row["student_id"] in others and balances[row["id"]] >= RICH)
    for number, wallet in enumerate(islice(rich, CORRECTED + DEBITED), 1):
        kind, amount, reason = (
            ("correction", CORRECTION, "Repas compté deux fois")
            if number <= CORRECTED
            else ("debit", DEBIT, "Carte remplacée")
        )
        line: dict[str, Any] = {"reference": f"DEMO-{number:03}", "amount": amount, "reason": reason, "forced": False}
        draft.make(WalletEntry, moment, wallet_id=wallet["id"], kind=kind, provider=None, occurred_at=moment, **line)
        facts = {
            "matricule": others[wallet["student_id"]].matricule,
            "currency": wallet["currency"],
            "balance": balances[wallet["id"]] + amount,
        }
        topic = Topic.WALLET_CORRECTED if kind == "correction" else Topic.WALLET_DEBITED
        draft.tell(topic, wallet["id"], {**facts, **line}, moment)


def _sums(rows: Iterable[dict[str, Any]], by: str) -> Counter[UUID]:
    sums: Counter[UUID] = Counter()
    for row in rows:
        sums[row[by]] += row["amount"]
    return sums
