"""The fee schedules of the current year, one for each programme, and the invoices that were made by them."""

from datetime import timedelta

from app.demo.calendar import SHARES, Calendar, at
from app.demo.draft import Draft
from app.demo.people import Frame
from app.demo.places import STUDIES
from app.domains.finance.fee_tables import FeePart, FeeSchedule
from app.domains.finance.tables import Invoice


def draw_schedules(draft: Draft, calendar: Calendar, frame: Frame) -> None:
    """After the invoices: a schedule's label is theirs."""
    year, made_at = calendar.current, at(calendar.current.starts_on + timedelta(days=1))
    made_by = {}
    for study in STUDIES:
        label = f"Scolarité {year.code}, {study.label}"
        made_by[label] = schedule_id = draft.make(
            FeeSchedule,
            made_at,
            code=f"SCOL-{study.code}-{year.code}",
            label=label,
            kind="tuition",
            currency=study.currency,
            programme_id=frame.programmes[study],
            school_year_id=frame.years[year],
            created_at=made_at,
        )
        for number, (due_on, share) in enumerate(zip(year.due, SHARES, strict=True), 1):
            amount = study.fee * share // 100
            draft.make(FeePart, made_at, fee_schedule_id=schedule_id, number=number, due_on=due_on, amount=amount)
    for invoice in draft.rows[Invoice]:
        invoice["fee_schedule_id"] = made_by.get(invoice["label"])
