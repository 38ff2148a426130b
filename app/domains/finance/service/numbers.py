"""Numbers of documents: gapless for each school, kind of document and year."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.domains.finance.credit_tables import CreditNote
from app.domains.finance.fee_tables import DocumentSeries
from app.domains.finance.tables import Invoice

_PREFIXES = {"invoice": "FA", "credit_note": "AV"}
_NUMBERS = {"invoice": col(Invoice.number), "credit_note": col(CreditNote.number)}
_HOLDERS = {"invoice": col(Invoice.school_id), "credit_note": col(CreditNote.school_id)}


async def open_series(session: AsyncSession, kind: str, year: int) -> int:
    """The last number taken, held until the transaction ends: what is rolled back leaves no gap."""
    opened = insert(DocumentSeries).values(school_id=THIS_SCHOOL, kind=kind, year=year, last=0)
    held = opened.on_conflict_do_update(
        constraint="uq_document_series_school_id_kind_year", set_={"last": DocumentSeries.last}
    )
    last: int = (await session.execute(held.returning(col(DocumentSeries.last)))).scalar_one()
    return last


async def take_numbers(session: AsyncSession, kind: str, year: int, count: int = 1) -> list[str]:
    """The next numbers, like FA-2025-000042, without those that a person has given to a document."""
    last = await open_series(session, kind, year)
    taken: list[str] = []
    while len(taken) < count:
        candidates = [
            f"{_PREFIXES[kind]}-{year}-{number:06}" for number in range(last + 1, last + 1 + count - len(taken))
        ]
        last += len(candidates)
        given = await _given(session, kind, candidates)
        taken += [candidate for candidate in candidates if candidate not in given]
    await session.execute(
        update(DocumentSeries)
        .where(
            col(DocumentSeries.school_id) == THIS_SCHOOL,
            col(DocumentSeries.kind) == kind,
            col(DocumentSeries.year) == year,
        )
        .values(last=last)
    )
    return taken


async def _given(session: AsyncSession, kind: str, candidates: Sequence[str]) -> set[str]:
    number = _NUMBERS[kind]
    return set(await session.scalars(select(number).where(_HOLDERS[kind] == THIS_SCHOOL, number.in_(candidates))))
