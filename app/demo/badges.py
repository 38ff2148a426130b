"""Who carries which badge, and who did before."""

from datetime import datetime, timedelta

from app.demo.calendar import Calendar, at
from app.demo.draft import Draft
from app.demo.people import Member
from app.domains.events.topics import Topic
from app.domains.students.commands import badge_facts
from app.domains.students.records import BadgeHolder
from app.domains.students.tables import Badge

WITHOUT, LOST = 0.03, 0.02
"""Shares of the students who carry none, and who lost one and got another."""
DAYS_AGO = 40
"""When the personas' badges changed hands."""


def draw_badges(draft: Draft, calendar: Calendar, members: list[Member]) -> None:
    changed = at(calendar.today - timedelta(days=DAYS_AGO))
    for place, member in enumerate(members):
        given = at(member.career[0][0].starts_on) + timedelta(days=5, minutes=place)
        if member.persona is not None:
            _of_persona(draft, member, members[place + 1 :], given, changed)
        elif draft.chance.random() >= WITHOUT:
            lost = draft.chance.random() < LOST
            _give(draft, member, _uid(draft), given, revoked=changed if lost else None)
            if lost:
                _give(draft, member, _uid(draft), changed + timedelta(hours=1))


def _of_persona(draft: Draft, member: Member, others: list[Member], given: datetime, changed: datetime) -> None:
    persona = member.persona
    assert persona is not None
    if persona.taken_over:
        _give(draft, next(each for each in others if each.persona is None), persona.badge, given, revoked=changed)
    elif persona.former_badge:
        _give(draft, member, persona.former_badge, given, revoked=changed)
    anew = persona.taken_over or persona.former_badge
    _give(draft, member, persona.badge, changed + timedelta(hours=1) if anew else given)


def _uid(draft: Draft) -> str:
    """Seven bytes as a reader shows them."""
    return f"04{draft.chance.getrandbits(48):012X}"


def _give(draft: Draft, member: Member, uid: str, given: datetime, *, revoked: datetime | None = None) -> None:
    badge_id = draft.make(Badge, given, uid=uid, student_id=member.id, assigned_at=given, revoked_at=revoked)
    facts = badge_facts(BadgeHolder(uid, member.identity))
    draft.tell(Topic.BADGE_ASSIGNED, badge_id, facts, given)
    if revoked is not None:
        draft.tell(Topic.BADGE_REVOKED, badge_id, facts, revoked)
