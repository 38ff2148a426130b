"""Half days on which students were away, in the weeks before today."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.demo.calendar import Calendar, at
from app.demo.draft import Draft
from app.demo.people import Member
from app.domains.absences.records import AbsenceRecord, absence_facts
from app.domains.absences.tables import Absence
from app.domains.events.topics import Topic

SHARE = 0.25
"""Of the students who study here, how many were away."""
DAYS = 40
HALVES = (8, 14)
LENGTH = timedelta(hours=4)
REASONS = ("Rendez-vous médical", "Convocation administrative", "Grève des transports", "Deuil familial", None)


def draw_absences(draft: Draft, calendar: Calendar, members: list[Member], recorder: UUID) -> None:
    """`recorder` is the partner who recorded them."""
    days = calendar.weekdays_before(DAYS)
    for member in members:
        if member.identity.status == "active" and draft.chance.random() < SHARE:
            for day in draft.chance.sample(days, draft.chance.randint(1, 2)):
                _absence(draft, member, at(day, draft.chance.choice(HALVES)), recorder)


def _absence(draft: Draft, member: Member, starts_at: datetime, recorder: UUID) -> None:
    ends_at = starts_at + LENGTH
    reason = draft.chance.choice(REASONS)
    justified = reason is not None and draft.chance.random() < 0.7
    away: dict[str, Any] = {"starts_at": starts_at, "ends_at": ends_at, "reason": reason, "justified": justified}
    absence_id = draft.make(Absence, ends_at, student_id=member.id, partner_id=recorder, recorded_at=ends_at, **away)
    record = AbsenceRecord(absence_id, member.id, member.matricule, **away, recorded_at=ends_at)
    draft.tell(Topic.ABSENCE_RECORDED, absence_id, absence_facts(record), ends_at)
