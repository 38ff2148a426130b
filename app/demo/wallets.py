"""Canteen wallets: filled by mobile money, emptied meal by meal on the days before today."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from app.demo.calendar import Calendar, at
from app.demo.draft import Draft
from app.demo.people import Member
from app.demo.places import MEAL_PRICE
from app.domains.access.meals import ANY_MEAL
from app.domains.access.tables import Meal
from app.domains.events.topics import Topic
from app.domains.finance.facts import low_wallet_facts, top_up_facts
from app.domains.finance.tables import Wallet, WalletEntry

CURRENCY = "XOF"
OWNERS = 0.85
"""The share of students who have one."""
PERSONAS_MEALS = 2
PROVIDERS = {"orange_money": "OM", "wave": "WV", "mtn": "MT"}
DAYS = 20
"""Over how many school days meals are spread."""


def draw_wallets(draft: Draft, calendar: Calendar, members: list[Member]) -> None:
    days = calendar.weekdays_before(DAYS)
    filled_on = days[-1] - timedelta(days=1)
    for member in members:
        eaten_on, amount = _plan(draft, member, days)
        if amount:
            wallet_id = _top_up(draft, member, filled_on, amount)
            for number, day in enumerate(eaten_on, 1):
                _eat(draft, member, wallet_id, day, amount - number * MEAL_PRICE)


def _plan(draft: Draft, member: Member, days: list[date]) -> tuple[list[date], int]:
    """When a student eats, the earliest first, and with how much the wallet is filled before; 0 is no wallet."""
    if member.persona is not None:
        if member.persona.wallet is None:
            return [], 0
        return sorted(days[:PERSONAS_MEALS]), PERSONAS_MEALS * MEAL_PRICE + member.persona.wallet
    if draft.chance.random() >= OWNERS:
        return [], 0
    meals = draft.chance.randrange(1, 9)
    return sorted(draft.chance.sample(days, meals)), (meals + draft.chance.randrange(16)) * MEAL_PRICE


def _top_up(draft: Draft, member: Member, day: date, amount: int) -> UUID:
    moment = at(day, 8, draft.chance.randrange(60))
    wallet_id = draft.make(Wallet, moment, student_id=member.id, currency=CURRENCY)
    provider, prefix = draft.chance.choice(list(PROVIDERS.items()))
    line: dict[str, Any] = {
        "amount": amount,
        "provider": provider,
        "reference": f"{prefix}{day:%y%m%d}.R{len(draft.rows[Wallet]):05}",
    }
    known = {"wallet_id": wallet_id, "kind": "top_up", "occurred_at": moment, "reason": None, "forced": False}
    draft.make(WalletEntry, moment, **known, **line)
    facts = top_up_facts(matricule=member.matricule, currency=CURRENCY, balance=amount, **line)
    draft.tell(Topic.WALLET_TOPPED_UP, wallet_id, facts, moment)
    return wallet_id


def _eat(draft: Draft, member: Member, wallet_id: UUID, day: date, balance: int) -> None:
    """A meal at the RESTAURANT, which leaves `balance`."""
    moment = at(day, 12, draft.chance.randrange(60))
    entry_id = draft.make(
        WalletEntry,
        moment,
        wallet_id=wallet_id,
        kind="meal",
        occurred_at=moment,
        amount=-MEAL_PRICE,
        provider=None,
        reference=f"{member.id}/{day}/{ANY_MEAL}",
        reason=None,
        forced=False,
    )
    draft.add(Meal, student_id=member.id, service_date=day, meal=ANY_MEAL, wallet_entry_id=entry_id)
    if balance < MEAL_PRICE:
        facts = low_wallet_facts(matricule=member.matricule, currency=CURRENCY, balance=balance, threshold=MEAL_PRICE)
        draft.tell(Topic.WALLET_LOW, wallet_id, facts, moment)
