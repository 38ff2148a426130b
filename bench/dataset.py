"""Schools to measure on: many students whose badges, tuition and wallets are as in a real one, made by SQL alone."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

from app.core.database import Database, RawConnection, Wall
from app.domains.partners.service import create_school
from app.domains.partners.tables import School

STUDENTS_AT_ONCE = 50_000
ZONE = "RESTAURANT"
PRICE = 500
CURRENCY = "XOF"


@dataclass(frozen=True)
class Dataset:
    """Badges are `B00000001` and on, matricules `2025/BEN/000001` and on. One student in ten owes tuition."""

    school: School
    students: int

    def badge(self, number: int) -> str:
        return f"B{number % self.students + 1:08d}"

    def matricule(self, number: int) -> str:
        return f"2025/BEN/{number % self.students + 1:06d}"


_YEAR = """
INSERT INTO school_year (school_id, code, starts_on, ends_on)
VALUES (current_setting('app.school')::uuid, 'BENCH', $1, $2) RETURNING id
"""
_PROGRAMME = """
INSERT INTO programme (school_id, code, label)
VALUES (current_setting('app.school')::uuid, 'BEN', 'Mesure') RETURNING id
"""
_CLASS = """
INSERT INTO school_class (school_id, code, label, programme_id)
VALUES (current_setting('app.school')::uuid, 'BEN-1', 'Mesure 1', $1) RETURNING id
"""
_ZONE = f"""
INSERT INTO zone (school_id, code, label, price, currency, requires_tuition, anti_passback_seconds)
VALUES (current_setting('app.school')::uuid, '{ZONE}', 'Restaurant', {PRICE}, '{CURRENCY}', true, 60)
"""
_STUDENTS = f"""
WITH number AS (SELECT g AS n, current_setting('app.school')::uuid AS school FROM generate_series($1::int, $2::int) g),
made AS (
    INSERT INTO student (school_id, matricule, matricule_key, first_name, last_name, email)
    SELECT school, '2025/BEN/' || lpad(n::text, 6, '0'), '2025/BEN/' || lpad(n::text, 6, '0'),
        'Aïssatou', 'N''Diaye ' || n, 'e' || n || '@ecole.example' FROM number
    RETURNING school_id, id, right(matricule, 6)::int AS n
), badges AS (
    INSERT INTO badge (school_id, uid, student_id) SELECT school_id, 'B' || lpad(n::text, 8, '0'), id FROM made
), enrolments AS (
    INSERT INTO enrolment (school_id, student_id, programme_id, class_id, school_year_id, starts_on, ends_on)
    SELECT school_id, id, $3, $4, $5, $6, $7 FROM made
), wallets AS (
    INSERT INTO wallet (school_id, student_id, currency, balance)
    SELECT school_id, id, '{CURRENCY}', CASE WHEN n % 10 = 1 THEN 0 ELSE 25000 END FROM made
), invoices AS (
    INSERT INTO invoice (school_id, number, student_id, label, currency, total, issued_on)
    SELECT school_id, 'F' || n, id, 'Scolarité', '{CURRENCY}', 450000, $6 FROM made RETURNING school_id, id, student_id
)
INSERT INTO instalment (school_id, invoice_id, student_id, number, due_on, amount, paid, tuition)
SELECT v.school_id, v.id, v.student_id, k, ($6::date + (k * 60))::date, 150000,
    CASE WHEN k = 1 AND made.n % 10 <> 0 THEN 150000 ELSE 0 END, true
FROM invoices v JOIN made ON made.id = v.student_id, generate_series(1, 3) k
"""


async def make_dataset(
    database: Database, *, students: int, today: date, tell: Callable[[int], None], code: str = "BENCH"
) -> Dataset:
    """Makes a school with `students` students; `tell` hears how many there are so far."""
    school = await create_school(
        database, code=code, name="École de mesure", timezone="Africa/Dakar", currency=CURRENCY
    )
    starts = date.fromordinal(today.toordinal() - 90)
    ends = date.fromordinal(today.toordinal() + 200)
    async with _unhurried(database, school) as connection:
        year = await connection.fetchval(_YEAR, starts, ends)
        programme = await connection.fetchval(_PROGRAMME)
        school_class = await connection.fetchval(_CLASS, programme)
        await connection.execute(_ZONE)
    for first in range(1, students + 1, STUDENTS_AT_ONCE):
        last = min(first + STUDENTS_AT_ONCE - 1, students)
        async with _unhurried(database, school) as connection:
            await connection.execute(_STUDENTS, first, last, programme, school_class, year, starts, ends)
        tell(last)
    return Dataset(school, students)


@asynccontextmanager
async def _unhurried(database: Database, school: School) -> AsyncIterator[RawConnection]:
    """As the application, in the school, without its time limits."""
    async with (
        Database(database.url, pool_size=1, answer_seconds=3_600) as patient,
        patient.raw(Wall.app(school.id)) as connection,
    ):
        await connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL transaction_timeout = 0")
        yield connection
