"""Whether a student is late with tuition."""

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.text import normalise_matricule
from app.domains.finance.records import FinancialStatus
from app.domains.finance.statements import FINANCIAL_STATUS


async def financial_status(session: AsyncSession, matricule: str, *, today: date) -> FinancialStatus | None:
    """None where nobody has this matricule. `today` is the school's own date.

    Red while an instalment of tuition whose due date is past has something left to pay. An instalment may be paid until
    the end of its due date, so `since` is the day after the oldest such date. Raises InvalidInput for what cannot be a
    matricule.
    """
    found = await session.execute(FINANCIAL_STATUS, {"matricule_key": normalise_matricule(matricule), "today": today})
    row = found.one_or_none()
    if row is None:
        return None
    if row.due_on is None:
        return FinancialStatus(row.id, "green", None)
    return FinancialStatus(row.id, "red", row.due_on + timedelta(days=1))
