"""What was eaten, in the books: one piece for each restaurant and day, once the day has ended where the school is.

A passage that is told late makes a complementary piece.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock, today
from app.core.database import Database, Wall
from app.domains.finance.pieces import Piece, Side
from app.domains.finance.service import post_piece

Eaten = Row[*tuple[Any, ...]]

_SCHOOLS_WITH_BOOKS = text(
    "SELECT s.id, s.timezone FROM account_map m JOIN school s ON s.id = m.school_id ORDER BY s.id"
)

# Locked, so that whoever looks at the same time finds them posted. What was eaten before the school had accounts is
# not posted: ids tell when.
UNPOSTED = text(
    """
SELECT m.service_date, m.zone_id, z.code, z.label, w.currency, m.student_id, m.wallet_entry_id, -e.amount AS amount
FROM account_map a
JOIN meal m ON m.school_id = a.school_id
JOIN zone z ON z.school_id = m.school_id AND z.id = m.zone_id
JOIN wallet_entry e ON e.school_id = m.school_id AND e.id = m.wallet_entry_id
JOIN wallet w ON w.school_id = e.school_id AND w.id = e.wallet_id
WHERE a.school_id = current_setting('app.school')::uuid AND m.piece_id IS NULL
    AND m.service_date < :today AND m.wallet_entry_id >= first_uuid_at(a.chosen_at)
ORDER BY m.service_date, z.code, w.currency, m.student_id
FOR UPDATE OF m
"""
)
_MAKE_PIECE = text(
    """
INSERT INTO meal_piece (school_id, zone_id, service_date, currency)
VALUES (current_setting('app.school')::uuid, :zone_id, :service_date, :currency)
RETURNING id, (
    SELECT count(*) FROM meal_piece p WHERE p.school_id = current_setting('app.school')::uuid
        AND p.zone_id = :zone_id AND p.service_date = :service_date) AS earlier
"""
)
_MARK = text(
    """
UPDATE meal SET piece_id = :piece_id
WHERE school_id = current_setting('app.school')::uuid AND wallet_entry_id = ANY (CAST(:entries AS uuid[]))
    AND service_date = :service_date
"""
)


async def post_meals_everywhere(database: Database, clock: Clock) -> int:
    """For every school that has chosen its accounts, in a transaction of its own; returns how many pieces that made."""
    async with database.transaction(Wall.worker()) as session:
        schools = (await session.execute(_SCHOOLS_WITH_BOOKS)).all()
    posted = 0
    for school_id, timezone in schools:
        async with database.transaction(Wall.app(school_id)) as session:
            posted += await post_meals(session, today(clock, timezone))
    return posted


async def post_meals(session: AsyncSession, today: date) -> int:
    """Posts the meals of the days before `today`, the school's own, that are not posted yet."""
    eaten = (await session.execute(UNPOSTED, {"today": today})).all()
    pieces = [list(of_one) for _, of_one in groupby(eaten, key=lambda row: (row.service_date, row.code, row.currency))]
    for meals in pieces:
        await _post(session, meals)
    return len(pieces)


async def _post(session: AsyncSession, meals: Sequence[Eaten]) -> None:
    first = meals[0]
    asked = {"zone_id": first.zone_id, "service_date": first.service_date, "currency": first.currency}
    piece_id, earlier = (await session.execute(_MAKE_PIECE, asked)).one()
    entries = [row.wallet_entry_id for row in meals]
    await session.execute(_MARK, {"piece_id": piece_id, "entries": entries, "service_date": first.service_date})
    post_piece(session, _piece(piece_id, meals, earlier))


def _piece(piece_id: UUID, meals: Sequence[Eaten], earlier: int) -> Piece:
    first, more = meals[0], f"-{earlier + 1}" if earlier else ""
    return Piece(
        "meals",
        piece_id,
        "canteen",
        f"CN-{first.code}-{first.service_date:%Y%m%d}{more}",
        f"{len(meals)} repas, {first.label}",
        first.currency,
        (*_debits(meals), Side("canteen", credit=sum(row.amount for row in meals))),
        dated=first.service_date,
    )


def _debits(meals: Sequence[Eaten]) -> Iterator[Side]:
    """One for each student, so that the account shows what each wallet holds."""
    for student_id, of_one in groupby(meals, key=lambda row: row.student_id):
        yield Side("wallet", debit=sum(row.amount for row in of_one), student_id=student_id)
