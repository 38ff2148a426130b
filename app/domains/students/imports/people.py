"""`skooly import students`: people, and what they study.

A student is known by the normalised matricule. Programmes, classes and school years that a file names are made where
they do not exist. What a file does not say stays as it is: a column that is absent changes nothing; an empty cell of
the e-mail or the birth date clears it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.core.clock import today
from app.core.database import RawConnection
from app.core.importing import Check, Fault, Importing, Written, affected
from app.core.tabular import Column, Columns, choice, day, email, identifier, text
from app.core.text import normalise_code, normalise_matricule
from app.domains.events.service import append_events_from
from app.domains.students.imports import people_sql as sql
from app.domains.students.imports.errors import (
    ClassOfOtherProgramme,
    EndsBeforeItStarts,
    EnrolmentTwice,
    PersonTwice,
    UnknownSchoolYear,
)

STATUSES = {
    "active": ("actif", "active", "inscrit", "inscrite"),
    "suspended": ("suspendu", "suspendue"),
    "graduated": ("diplômé", "diplômée"),
    "left": ("parti", "partie", "sorti", "sortie", "radié", "radiée"),
}
COLUMNS = Columns(
    Column(
        "matricule",
        "Matricule",
        "Student number",
        identifier(str),
        ("n° matricule", "numéro étudiant", "n° étudiant", "student id", "identifiant"),
        required=True,
        filled=True,
    ),
    Column(
        "last_name",
        "Nom",
        "Last name",
        text(100),
        ("nom de famille", "surname", "family name"),
        required=True,
        filled=True,
    ),
    Column(
        "first_name",
        "Prénom",
        "First name",
        text(100),
        ("prénoms", "prénom(s)", "given name", "given names", "first names"),
        required=True,
        filled=True,
    ),
    Column(
        "birth_date", "Date de naissance", "Birth date", day, ("né le", "née le", "né(e) le", "date of birth", "ddn")
    ),
    Column("email", "E-mail", "Email", email, ("courriel", "mail", "adresse e-mail", "adresse mail", "email address")),
    Column("status", "Statut", "Status", choice(STATUSES), ("état",)),
    Column("programme", "Programme", "Program", identifier(str), ("filière", "formation", "code programme")),
    Column("class", "Classe", "Class", identifier(str), ("code classe", "groupe", "group")),
    Column(
        "school_year", "Année scolaire", "School year", identifier(str), ("année", "année académique", "academic year")
    ),
    Column("starts_on", "Inscrit du", "Enrolled from", day, ("date d'inscription", "début", "starts on")),
    Column("ends_on", "Inscrit au", "Enrolled until", day, ("fin", "date de fin", "ends on")),
)
_YEAR = re.compile(r"(\d{4})\s?[-/–]\s?(\d{4})", re.ASCII)
FIRST_MONTH = 9


class Students:
    """The rows of `enrolled` are what `staged` says about studies, with everything it left out worked out."""

    name = "students"
    columns = COLUMNS
    tables: Mapping[str, str] = sql.TABLES
    filled: Sequence[str] = ("student", "enrolment")
    checks: Sequence[Check] = (
        Check(PersonTwice, "matricule", sql.PERSON_TWICE),
        Check(EnrolmentTwice, "matricule", sql.ENROLMENT_TWICE),
        Check(UnknownSchoolYear, "school_year", sql.UNKNOWN_YEAR),
        Check(ClassOfOtherProgramme, "class", sql.CLASS_OF_OTHER_PROGRAMME),
    )

    def stage(self, values: list[Any], importing: Importing) -> tuple[Any, ...] | list[Fault]:
        matricule, last, first, born, address, status, programme, group, year, starts_on, ends_on = values
        if starts_on and ends_on and ends_on < starts_on:
            return [Fault("ends_on", EndsBeforeItStarts(starts_on=starts_on, ends_on=ends_on))]
        return (
            matricule,
            normalise_matricule(matricule),
            last,
            first,
            born,
            address,
            status,
            programme and normalise_code(programme, "programme"),
            programme,
            group and normalise_code(group, "class"),
            group,
            school_year_code(year) if year else None,
            starts_on,
            ends_on,
        )

    async def prepare(self, connection: RawConnection, importing: Importing) -> Mapping[str, int]:
        day_ = today(importing.clock, importing.school.timezone)
        current = await connection.fetchval(sql.CURRENT_YEAR, day_)
        await connection.execute(sql.ENROLLED, current or school_year_around(day_))
        await connection.execute(sql.CLASS_OF_ITS_OWN)
        await connection.execute("ANALYZE pg_temp.enrolled")
        return {}

    async def write(self, connection: RawConnection, importing: Importing) -> Written:
        made = {
            "programmes": affected(await connection.execute(sql.MAKE_PROGRAMMES)),
            "classes": affected(await connection.execute(sql.MAKE_CLASSES)),
            "school_years": affected(await connection.execute(sql.MAKE_YEARS, FIRST_MONTH)),
        }
        now = importing.clock.now()
        stated = ["birth_date" in importing.present, "email" in importing.present]
        await connection.execute(sql.WRITE_STUDENTS, now, *stated)
        await connection.execute("ANALYZE pg_temp.touched")
        await connection.execute(sql.WRITE_ENROLMENTS, now)
        await connection.execute(sql.STAMP_STUDENTS, now)
        new, changed, people = await connection.fetchrow(sql.COUNT) or (0, 0, 0)
        return Written(new, changed, people - new - changed, made)

    async def record(self, connection: RawConnection, importing: Importing) -> int:
        return await append_events_from(connection, sql.EVENTS, importing.clock.now())


def school_year_code(written: str) -> str:
    """ "2024/2025" and "2024 – 2025" are "2024-2025"; other codes are kept in upper case."""
    found = _YEAR.fullmatch(written)
    return f"{found[1]}-{found[2]}" if found else normalise_code(written, "school_year")


def school_year_around(day_: date) -> str:
    """The code of the school year, September to August, that `day_` lies in."""
    first = day_.year if day_.month >= FIRST_MONTH else day_.year - 1
    return f"{first}-{first + 1}"
