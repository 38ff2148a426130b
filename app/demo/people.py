"""1,200 students of 40 classes over three school years."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from app.core.text import normalise_matricule
from app.demo.calendar import Calendar, Year, at
from app.demo.draft import Draft
from app.demo.names import FIRST_NAMES, LAST_NAMES
from app.demo.personas import PERSONAS, Persona
from app.demo.places import CLASS_SIZE, GROUPS, LEVELS, STUDIES, Group
from app.domains.events.topics import Topic
from app.domains.students.commands import student_facts
from app.domains.students.records import StudentIdentity
from app.domains.students.tables import Enrolment, Programme, SchoolClass, SchoolYear, Student

FIRST_SERIAL = 1_001
GRADUATES_A_CLASS = 2
STATUSES = {"active": 955, "suspended": 25, "left": 20}
"""How many of a thousand; graduates come besides."""
_LEVELS = tuple(LEVELS)
_GROUPS = {group.code: group for group in GROUPS}
_Career = tuple[tuple[Year, Group], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A student on paper. `career` holds the classes of the known years, the oldest first."""

    identity: StudentIdentity
    career: _Career
    persona: Persona | None

    @property
    def id(self) -> UUID:
        return self.identity.id

    @property
    def matricule(self) -> str:
        return self.identity.matricule


class Frame:
    """Years, programmes and classes: what enrolments point to."""

    def __init__(self, draft: Draft, calendar: Calendar) -> None:
        opened = at(calendar.years[0].starts_on)
        self.years = {
            year: draft.make(SchoolYear, opened, code=year.code, starts_on=year.starts_on, ends_on=year.ends_on)
            for year in calendar.years
        }
        self.programmes = {
            study: draft.make(Programme, opened, code=study.code, label=study.label) for study in STUDIES
        }
        self.classes = {
            group: draft.make(
                SchoolClass, opened, code=group.code, label=group.label, programme_id=self.programmes[group.study]
            )
            for group in GROUPS
        }


def draw_people(draft: Draft, calendar: Calendar, frame: Frame) -> list[Member]:
    members = [member for group in GROUPS for member in _members(draft, calendar, group)]
    for member in members:
        _enrol(draft, calendar, frame, member)
        _tell(draft, calendar, member)
    return members


def _members(draft: Draft, calendar: Calendar, group: Group) -> Iterator[Member]:
    known = [persona for persona in PERSONAS if persona.group == group.code]
    for persona in known:
        yield _member(draft, calendar, group, persona.status, persona)
    for place in range(CLASS_SIZE - len(known)):
        graduate = group.level == _LEVELS[-1] and place < GRADUATES_A_CLASS
        drawn = draft.chance.choices(list(STATUSES), list(STATUSES.values()))[0]
        yield _member(draft, calendar, group, "graduated" if graduate else drawn, None)


def _member(draft: Draft, calendar: Calendar, group: Group, status: str, persona: Persona | None) -> Member:
    number = len(draft.rows[Student])
    entered = calendar.current.starts_on.year - _LEVELS.index(group.level)
    career = _career(calendar, group, status)
    name = (persona.first_name, persona.last_name) if persona else _name(draft)
    matricule = persona.matricule if persona else f"{entered}/{group.study.code}/{FIRST_SERIAL + number}"
    created = at(career[0][0].starts_on) - timedelta(days=20, minutes=number)
    student_id = draft.make(
        Student,
        created,
        matricule=matricule,
        matricule_key=normalise_matricule(matricule),
        first_name=name[0],
        last_name=name[1],
        birth_date=date(entered - 19, 1, 1) + timedelta(days=draft.chance.randrange(730)),
        email=f"{_plain(name[0])}.{_plain(name[1])}.{FIRST_SERIAL + number}@etu.demo.example",
        status=status,
        created_at=created,
        updated_at=at(_changed(calendar, status, career)),
    )
    return Member(StudentIdentity(student_id, matricule, *name, status), career, persona)


def _career(calendar: Calendar, group: Group, status: str) -> _Career:
    """Each former year one level lower. Graduates were in their class until last year."""
    years = calendar.years[:-1] if status == "graduated" else calendar.years
    levels = _LEVELS[: _LEVELS.index(group.level) + 1]
    steps = zip(reversed(years), reversed(levels), strict=False)
    return tuple(reversed([(year, replace(group, level=level)) for year, level in steps]))


def _changed(calendar: Calendar, status: str, career: _Career) -> date:
    """The day on which somebody became what they are."""
    year = career[-1][0]
    return {"active": year.starts_on, "graduated": year.ends_on}.get(status, calendar.today - timedelta(days=30))


def _name(draft: Draft) -> tuple[str, str]:
    return draft.chance.choice(FIRST_NAMES), draft.chance.choice(LAST_NAMES)


def _plain(name: str) -> str:
    """Lower-case ASCII letters alone, as addresses have them."""
    letters = unicodedata.normalize("NFD", name.lower())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


def _enrol(draft: Draft, calendar: Calendar, frame: Frame, member: Member) -> None:
    for year, group in member.career:
        left = member.identity.status == "left" and year == calendar.current
        ends_on = calendar.today - timedelta(days=30) if left else year.ends_on
        _enrolment(draft, frame, member, year, group, (year.starts_on, ends_on))
    if member.persona and member.persona.second_programme:
        year = calendar.current
        later = (year.starts_on + timedelta(days=30), year.ends_on)
        _enrolment(draft, frame, member, year, _GROUPS[member.persona.second_programme], later)


def _enrolment(draft: Draft, frame: Frame, member: Member, year: Year, group: Group, days: tuple[date, date]) -> None:
    draft.make(
        Enrolment,
        at(days[0]),
        student_id=member.id,
        programme_id=frame.programmes[group.study],
        class_id=frame.classes[group],
        school_year_id=frame.years[year],
        starts_on=days[0],
        ends_on=days[1],
        created_at=at(days[0]),
    )


def _tell(draft: Draft, calendar: Calendar, member: Member) -> None:
    newcomer = student_facts(replace(member.identity, status="active"))
    first, *others = (year for year, _ in member.career)
    draft.tell(Topic.STUDENT_CREATED, member.id, newcomer, at(first.starts_on) - timedelta(days=20))
    for year in others:
        draft.tell(Topic.STUDENT_UPDATED, member.id, newcomer, at(year.starts_on))
    status = member.identity.status
    if status != "active":
        topic = Topic.STUDENT_GRADUATED if status == "graduated" else Topic.STUDENT_UPDATED
        draft.tell(topic, member.id, student_facts(member.identity), at(_changed(calendar, status, member.career)))
