"""Two schools large enough that a wrong plan is seen: written as the application, in statements over many rows."""

from datetime import date
from uuid import UUID

import asyncpg

from app.core.database import Database, Wall
from app.domains.audit.sealing import seal_school
from app.domains.events.service import append_events_from
from app.domains.finance.service import choose_chart, open_fiscal_year
from app.domains.partners.tables import School

STUDENTS = 6_000

_STUDENTS = """
INSERT INTO programme (school_id, id, code, label) VALUES ($1, $2, 'P', 'P');
INSERT INTO school_class (school_id, code, label, programme_id)
    SELECT $1, 'C' || n, 'C', $2 FROM generate_series(0, 59) n;
INSERT INTO school_year (school_id, id, code, starts_on, ends_on) VALUES ($1, $2, 'Y', '2024-09-01', '2025-07-31');
INSERT INTO student (school_id, matricule, matricule_key, first_name, last_name, status, updated_at)
    SELECT $1, 'M' || n, 'M' || n, 'Ada', 'N' || n, CASE WHEN n % 100 = 0 THEN 'suspended' ELSE 'active' END,
        now() - n * interval '1 minute' FROM generate_series(1, $3) n;
INSERT INTO enrolment (school_id, student_id, programme_id, class_id, school_year_id, starts_on, ends_on)
    SELECT $1, s.id, $2, c.id, $2, '2024-09-01', '2025-07-31' FROM student s
    JOIN school_class c ON c.school_id = $1 AND c.code = 'C' || substr(s.matricule, 2)::integer % 60
    WHERE s.school_id = $1;
INSERT INTO badge (school_id, uid, student_id)
    SELECT $1, 'B' || substr(matricule, 2), id FROM student WHERE school_id = $1;
INSERT INTO absence (school_id, student_id, partner_id, starts_at, ends_at, justified)
    SELECT $1, id, $2, now(), now() + interval '1 hour', false FROM student WHERE school_id = $1
"""
_MONEY = """
INSERT INTO invoice (school_id, number, student_id, label, currency, total, issued_on, next_due_on)
    SELECT $1, 'F' || matricule, id, 'Frais', 'XOF', 300, '2024-09-01', '2024-10-31' FROM student WHERE school_id = $1;
INSERT INTO instalment (school_id, invoice_id, student_id, number, due_on, amount)
    SELECT $1, id, student_id, n, '2024-09-01'::date + n * 60, 100
    FROM invoice, generate_series(1, 3) n WHERE school_id = $1;
INSERT INTO payment (school_id, student_id, provider, reference, amount, currency, received_at)
    SELECT $1, id, 'cash', 'R' || matricule, 100, 'XOF', now() FROM student WHERE school_id = $1;
INSERT INTO allocation (school_id, payment_id, instalment_id, amount)
    SELECT $1, p.id, i.id, 100 FROM payment p JOIN instalment i USING (school_id, student_id)
    WHERE p.school_id = $1 AND i.number = 1 AND p.reference LIKE 'RM7%';
INSERT INTO wallet (school_id, student_id, currency, balance)
    SELECT $1, id, 'XOF', 1000 FROM student WHERE school_id = $1;
INSERT INTO wallet_entry (school_id, wallet_id, kind, amount, reference, reason)
    SELECT $1, id, 'correction', 1, 'R' || id, 'Erreur' FROM wallet WHERE school_id = $1
"""
_ACCESS = """
INSERT INTO zone (school_id, id, code, label, price, currency, anti_passback_seconds)
    VALUES ($1, $2, 'RESTAURANT', 'Restaurant', 10, 'XOF', 7200);
INSERT INTO passage (school_id, zone_id, student_id, badge_uid, device_id, device_event_id, direction, granted, offline,
        occurred_at)
    SELECT $1, $2, id, 'x', 'D', matricule || '/' || n, 'in', true, false, now() - n * interval '1 hour'
    FROM student, generate_series(1, 3) n WHERE school_id = $1;
INSERT INTO passage_receipt (school_id, device_id, device_event_id, passage_id)
    SELECT $1, device_id, device_event_id, id FROM passage WHERE school_id = $1
"""
_BOOKS = """
INSERT INTO fiscal_year (school_id, id, code, starts_on, ends_on) VALUES ($1, $2, '2024', '2024-01-01', '2024-12-31');
INSERT INTO fiscal_period (school_id, id, fiscal_year_id, code, starts_on, ends_on)
    VALUES ($1, $2, $2, '2024', '2024-01-01', '2024-12-31');
INSERT INTO journal (school_id, id, code, label) VALUES ($1, $2, 'VE', 'Ventes');
INSERT INTO journal_entry (school_id, journal_id, fiscal_year_id, period_id, number, entry_date, piece_ref, piece_date,
        label, currency)
    SELECT $1, $2, $2, $2, n, '2024-01-01'::date + n % 366, 'P' || n, '2024-01-01', 'L', 'XOF'
    FROM generate_series(1, $3 / 2) n;
INSERT INTO journal_line (school_id, entry_id, line_no, account, aux_account, account_label, label, debit, credit)
    SELECT $1, id, n, CASE n WHEN 1 THEN '411' WHEN 2 THEN '707' END, CASE n WHEN 1 THEN 'M' || number END, 'C', 'L',
        CASE n WHEN 1 THEN 5 ELSE 0 END, CASE n WHEN 2 THEN 5 ELSE 0 END
    FROM journal_entry, generate_series(1, 2) n WHERE school_id = $1;
UPDATE journal_entry SET status = 'validated', validated_at = now() WHERE school_id = $1
"""
# All in the books but one in 300.
_MEALS = """
INSERT INTO meal_piece (school_id, id, zone_id, service_date, currency) VALUES ($1, $2, $2, '2024-10-01', 'XOF');
INSERT INTO meal (school_id, student_id, service_date, meal, wallet_entry_id, zone_id, piece_id)
    SELECT $1, w.student_id, '2024-10-01', 'midi', e.id, $2,
        CASE WHEN row_number() OVER (ORDER BY e.id) % 300 > 0 THEN $2 END
    FROM wallet_entry e JOIN wallet w ON w.school_id = $1 AND w.id = e.wallet_id WHERE e.school_id = $1
"""
# One delivery in 300 was given up, one waits.
_DELIVERIES = """
INSERT INTO delivery (school_id, endpoint_id, event_id, state)
    SELECT $1, e.id, v.id, CASE v.position % 300 WHEN 0 THEN 'exhausted' WHEN 1 THEN 'held' ELSE 'succeeded' END
    FROM endpoint e JOIN event v ON v.school_id = $1 WHERE e.school_id = $1;
INSERT INTO attempt (school_id, endpoint_id, event_id, replay, number, outcome)
    SELECT $1, endpoint_id, event_id, 0, 1, 'ok' FROM delivery WHERE school_id = $1
"""
_KEYS = """
INSERT INTO api_key (school_id, key_id, partner_id, preset, scopes, digest, pepper_version)
    SELECT $1, left(md5($1::text || n), 12), $2, 'core', '{}', '', 1 FROM generate_series(1, $3 / 2) n;
INSERT INTO idempotency_key (school_id, partner_id, operation, key, payload_digest, outcome)
    SELECT $1, $2, 'op', 'K' || n, '', '{}' FROM generate_series(1, $3) n
"""
# One entry a second, the youngest ten minutes old.
_AUDIT = """
INSERT INTO audit_entry (school_id, request_id, operation, partner_id, key_id, channel, subjects, at)
    SELECT $1, uuidv7(-($3 + 600 - n) * interval '1 second'), 'op' || n % 20, $2, 'K' || n % 30, 'rest', ARRAY[id],
        now() - interval '1 hour'
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM student WHERE school_id = $1) s
"""
_EVENTS = """
SELECT 'wallet.low', gen_random_uuid(), '{}'::jsonb, NULL::timestamptz FROM generate_series(1, $1::integer)
"""


async def fill(database: Database, school: School, partner_id: UUID) -> None:
    """The ids of what a school has one of (programme, zone, journal …) are the partner's."""
    async with database.transaction(Wall.app(school.id)) as session:
        await choose_chart(session, "syscohada")
        await open_fiscal_year(session, code="2025", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    async with database.raw(Wall.app(school.id)) as connection:
        for script in (_STUDENTS, _MONEY, _ACCESS, _BOOKS, _MEALS, _KEYS, _AUDIT):
            for statement in script.split(";\n"):
                await connection.execute(_written_out(statement, school.id, partner_id))
        await connection.execute(
            "INSERT INTO endpoint (school_id, partner_id, url, topics) "
            "SELECT $1, $2, 'https://a.example/' || n, '{wallet.low}' FROM generate_series(1, 3) n",
            school.id,
            partner_id,
        )
        await append_events_from(connection, _EVENTS, STUDENTS)
    async with database.raw(Wall.worker(school.id)) as connection:
        for statement in _DELIVERIES.split(";\n"):
            await connection.execute(_written_out(statement, school.id, partner_id))
    await seal_school(database, school.id)


def _written_out(statement: str, school_id: UUID, one_id: UUID) -> str:
    """asyncpg wants each parameter used; not every statement here has use for all three."""
    filled = statement.replace("$1", f"'{school_id}'::uuid").replace("$2", f"'{one_id}'::uuid")
    return filled.replace("$3", str(STUDENTS))


async def count_rows(database: Database) -> None:
    """What autovacuum does in its own time."""
    async with database.raw(Wall.owner()) as connection:
        await connection.execute("ANALYZE")


async def large_tables(connection: asyncpg.Connection) -> set[str]:
    """Tables, and partitions, of more than a thousand rows."""
    rows = await connection.fetch(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
        "AND reltuples > 1000"
    )
    return {row[0] for row in rows}
