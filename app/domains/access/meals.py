"""A meal is debited once per student, service date and meal, however often the turnstile turns."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.access.statements import MEAL_TAKEN, OVERDRAWN, SERVED_MEAL, TAKE_MEAL
from app.domains.finance.errors import CurrencyMismatch, InsufficientBalance, WalletConflict
from app.domains.finance.service import debit_meal

ANY_MEAL = "meal"
"""What is eaten where, or when, no window says which meal it is."""


@dataclass(frozen=True, slots=True)
class MealDebit:
    """What a passage cost. Nothing in a zone without a price, and for a meal that was debited before.

    `overdrawn`: the wallet could not cover the meal; `refused`: so nobody passes.
    """

    meal: str | None = None
    service_date: date | None = None
    charged: int = 0
    overdrawn: bool = False
    refused: bool = False


async def debit(
    session: AsyncSession, student_id: UUID, zone_id: UUID, occurred_at: datetime, local: datetime, *, served: bool
) -> MealDebit:
    """Takes the price of the meal that the zone serves at `local`, which is `occurred_at` in the school's time zone.

    A meal that is already `served` is debited below zero if need be.
    """
    here = {"zone_id": zone_id, "weekday": local.isoweekday(), "clock": local.time()}
    zone = (await session.execute(SERVED_MEAL, here)).one()
    if not zone.price:
        return MealDebit()
    meal = zone.meal or ANY_MEAL
    service_date = local.date() - timedelta(days=zone.days_ago or 0)
    taken = {"student_id": student_id, "service_date": service_date, "meal": meal}
    if await session.scalar(MEAL_TAKEN, taken):
        return MealDebit(meal, service_date)
    try:
        entry_id = await debit_meal(
            session,
            student_id=student_id,
            amount=zone.price,
            currency=zone.currency,
            reference=f"{student_id}/{service_date}/{meal}",
            occurred_at=occurred_at,
            offline=served,
        )
    except WalletConflict:  # another passage has just taken this meal, at the price of another zone
        return MealDebit(meal, service_date)
    except InsufficientBalance:
        return MealDebit(refused=True)
    except CurrencyMismatch:  # nothing can be taken: somebody has to look at it
        return MealDebit(meal, service_date, overdrawn=True, refused=not served)
    kept = {**taken, "wallet_entry_id": entry_id, "zone_id": zone_id}
    is_new = (await session.execute(TAKE_MEAL, kept)).rowcount  # type: ignore[attr-defined]
    if not is_new:
        return MealDebit(meal, service_date)
    overdrawn = bool(await session.scalar(OVERDRAWN, {"student_id": student_id}))
    return MealDebit(meal, service_date, zone.price, overdrawn)
