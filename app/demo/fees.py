"""Invoices in three instalments, and the payments that settle them: in parts, at once, ahead of time, or late."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.demo.calendar import SHARES, Calendar, Year, at
from app.demo.draft import Draft
from app.demo.people import Member
from app.demo.places import Study
from app.domains.events.topics import Topic
from app.domains.finance.facts import invoice_facts, payment_facts
from app.domains.finance.tables import Allocation, Instalment, Invoice, Payment

HABITS = {"on_time": 50, "all": 25, "ahead": 15, "late": 10}
"""How students pay the current year, in per cent."""
AT_ONCE = 0.6
"""The share of those who paid a former year at once."""
BILLED_YEARS = 2
"""Older books are closed and elsewhere."""
PROVIDERS = {"orange_money": 40, "wave": 35, "mtn": 5, "bank": 12, "cash": 8}
_REFERENCES = {"orange_money": "OM", "wave": "WV", "mtn": "MT", "bank": "VIR", "cash": "REC"}
TWICE = "2024/INF/0123"
"""Whose first payment the operator announced twice."""


@dataclass(slots=True)
class _Part:
    """An instalment and what is still missing of it."""

    id: UUID
    missing: int


@dataclass(frozen=True, slots=True)
class _Bill:
    """An invoice, its open parts, oldest first, and what the log says of it."""

    id: UUID
    facts: dict[str, Any]
    parts: list[_Part]
    currency: str


def draw_fees(draft: Draft, calendar: Calendar, members: list[Member]) -> None:
    for member in members:
        for year, group in member.career[-BILLED_YEARS:]:
            bill = _bill(draft, member, year, group.study)
            for moment, amount, provider in _payments(draft, calendar, member, year, group.study.fee):
                _pay(draft, member, bill, moment, amount, provider)


def _bill(draft: Draft, member: Member, year: Year, study: Study) -> _Bill:
    issued_on = year.starts_on + timedelta(days=3)
    invoice: dict[str, Any] = {
        "number": f"FA-{year.starts_on.year}-{len(draft.rows[Invoice]) + 1:05}",
        "kind": "tuition",
        "label": f"Scolarité {year.code}, {study.label}",
        "currency": study.currency,
        "total": study.fee,
        "issued_on": issued_on,
    }
    invoice_id = draft.make(Invoice, at(issued_on), student_id=member.id, **invoice)
    facts = invoice_facts(matricule=member.matricule, **invoice)
    draft.tell(Topic.INVOICE_ISSUED, invoice_id, facts, at(issued_on))
    parts = []
    for number, (due_on, share) in enumerate(zip(year.due, SHARES, strict=True), 1):
        amount = study.fee * share // 100
        part = {"student_id": member.id, "number": number, "due_on": due_on, "amount": amount, "tuition": True}
        parts.append(_Part(draft.make(Instalment, at(issued_on), invoice_id=invoice_id, **part), amount))
    return _Bill(invoice_id, facts, parts, study.currency)


def _payments(
    draft: Draft, calendar: Calendar, member: Member, year: Year, fee: int
) -> Iterator[tuple[datetime, int, str]]:
    """When how much comes in, and by whom. What is not due yet is not paid, but by those who pay ahead."""
    habit = _habit(draft, calendar, member, year)
    first, second, third = (fee * share // 100 for share in SHARES)
    early, *times = [at(year.starts_on + timedelta(days=10)), *(at(due - timedelta(days=2)) for due in year.due)]
    planned = {
        "all": [(early, fee)],
        "scholarship": [(early, fee)],
        "parts": [(times[0], first), (times[1], second), (times[2], third)],
        "on_time": [(times[0], first), (times[1], second)],
        "ahead": [(times[0], first + second + third // 2)],
        "late": [(times[0], first), (times[1], second // 2)],
    }[habit]
    for moment, amount in planned:
        yield moment + timedelta(minutes=draft.chance.randrange(480)), amount, _provider(draft, habit)


def _habit(draft: Draft, calendar: Calendar, member: Member, year: Year) -> str:
    if year != calendar.current:
        return "all" if draft.chance.random() < AT_ONCE else "parts"
    if member.persona is not None:
        return member.persona.tuition
    return draft.chance.choices(list(HABITS), list(HABITS.values()))[0]


def _provider(draft: Draft, habit: str) -> str:
    if habit == "scholarship":
        return "bank"
    return draft.chance.choices(list(PROVIDERS), list(PROVIDERS.values()))[0]


def _pay(draft: Draft, member: Member, bill: _Bill, moment: datetime, amount: int, provider: str) -> None:
    payment: dict[str, Any] = {
        "provider": provider,
        "reference": f"{_REFERENCES[provider]}{moment:%y%m%d}.{len(draft.rows[Payment]) + 1:06}",
        "amount": amount,
        "currency": bill.currency,
        "received_at": moment,
    }
    payment_id = draft.make(Payment, moment, student_id=member.id, **payment)
    draft.tell(Topic.PAYMENT_RECORDED, payment_id, payment_facts(matricule=member.matricule, **payment), moment)
    if member.matricule == TWICE:
        draft.make(Payment, moment, student_id=member.id, **payment)
    _allocate(draft, bill, payment_id, moment, amount)
    if not any(part.missing for part in bill.parts):
        draft.tell(Topic.INVOICE_PAID, bill.id, bill.facts, moment)


def _allocate(draft: Draft, bill: _Bill, payment_id: UUID, moment: datetime, amount: int) -> None:
    for part in bill.parts:
        settled = min(amount, part.missing)
        if settled:
            draft.make(Allocation, moment, payment_id=payment_id, instalment_id=part.id, amount=settled)
            part.missing -= settled
            amount -= settled
