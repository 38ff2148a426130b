"""`skooly import badges`: who carries which badge.

A badge given to someone else is revoked and assigned anew. A badge that was revoked in Skooly stays revoked when an
old file comes again: only an explicit "oui" in the column "Actif" gives it back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.database import RawConnection
from app.core.importing import Check, Fault, Importing, Written
from app.core.tabular import Column, Columns, boolean, identifier
from app.core.text import normalise_badge, normalise_matricule
from app.domains.events.service import append_events_from
from app.domains.students.imports.errors import BadgeTwice, UnknownMatricule

COLUMNS = Columns(
    Column(
        "badge",
        "Badge",
        "Badge",
        identifier(normalise_badge),
        (
            "n° badge",
            "n° de badge",
            "numéro de badge",
            "uid",
            "uid badge",
            "nfc",
            "carte",
            "n° de carte",
            "card number",
        ),
        required=True,
        filled=True,
    ),
    Column(
        "matricule",
        "Matricule",
        "Student number",
        identifier(str),
        ("n° matricule", "numéro étudiant", "n° étudiant", "student id", "identifiant"),
        required=True,
        filled=True,
    ),
    Column("active", "Actif", "Active", boolean, ("active", "valide", "en service")),
)

BADGE_TWICE = """
SELECT line, uid AS badge, first_line
FROM (SELECT line, uid, min(line) OVER (PARTITION BY uid) AS first_line FROM staged) lines WHERE line > first_line
"""

UNKNOWN_MATRICULE = """
SELECT s.line, s.matricule FROM staged s LEFT JOIN student USING (matricule_key) WHERE student.id IS NULL
"""

# What a row asks for, judged by who carries the badge today and by who carried it last.
PLAN = """
INSERT INTO planned (line, uid, school_id, student_id, revoke_id, assign)
SELECT s.line, s.uid, student.school_id, student.id, carried.id, s.active IS NOT FALSE
FROM staged s
JOIN student USING (matricule_key)
LEFT JOIN badge carried ON carried.school_id = student.school_id AND carried.uid = s.uid
    AND carried.revoked_at IS NULL
LEFT JOIN LATERAL (
    SELECT badge.student_id FROM badge WHERE badge.school_id = student.school_id AND badge.uid = s.uid
    ORDER BY assigned_at DESC, id DESC LIMIT 1
) last ON true
WHERE CASE
    WHEN s.active IS FALSE THEN carried.student_id = student.id
    WHEN carried.id IS NOT NULL THEN carried.student_id <> student.id
    ELSE s.active OR last.student_id IS DISTINCT FROM student.id END
"""

REVOKE = """
UPDATE badge SET revoked_at = $1 FROM planned WHERE badge.id = planned.revoke_id AND badge.revoked_at IS NULL
"""

ASSIGN = """
WITH made AS (
    INSERT INTO badge (school_id, uid, student_id, assigned_at)
    SELECT school_id, uid, student_id, $1 FROM planned WHERE assign ORDER BY line RETURNING id, uid
)
UPDATE planned SET assigned_id = made.id FROM made WHERE made.uid = planned.uid
"""

EVENTS = """
SELECT happened.type, happened.badge_id, jsonb_build_object('badge', p.uid, 'matricule', s.matricule), $1::timestamptz
FROM planned p
CROSS JOIN LATERAL (VALUES (1, 'badge.revoked', p.revoke_id), (2, 'badge.assigned', p.assigned_id))
    AS happened (step, type, badge_id)
JOIN badge b ON b.id = happened.badge_id
JOIN student s ON s.id = b.student_id
ORDER BY p.line, happened.step
"""

COUNT = """
SELECT count(*) FILTER (WHERE assign AND revoke_id IS NULL), count(*) FILTER (WHERE revoke_id IS NOT NULL),
    (SELECT count(*) FROM staged)
FROM planned
"""


class Badges:
    """`planned` holds what has to be done: a revocation, an assignment, or one after the other."""

    name = "badges"
    columns = COLUMNS
    tables: Mapping[str, str] = {
        "staged": "line integer NOT NULL, uid text, matricule text, matricule_key text, active boolean",
        "planned": """
            line integer, uid text, school_id uuid, student_id uuid, revoke_id uuid, assign boolean,
            assigned_id uuid""",
    }
    filled: Sequence[str] = ("badge",)
    checks: Sequence[Check] = (
        Check(UnknownMatricule, "matricule", UNKNOWN_MATRICULE),
        Check(BadgeTwice, "badge", BADGE_TWICE),
    )

    def stage(self, values: list[Any], importing: Importing) -> tuple[Any, ...] | list[Fault]:
        badge, matricule, active = values
        return badge, matricule, normalise_matricule(matricule), active

    async def prepare(self, connection: RawConnection, importing: Importing) -> Mapping[str, int]:
        await connection.execute(PLAN)
        return {}

    async def write(self, connection: RawConnection, importing: Importing) -> Written:
        now = importing.clock.now()
        await connection.execute(REVOKE, now)
        await connection.execute(ASSIGN, now)
        new, changed, rows = await connection.fetchrow(COUNT) or (0, 0, 0)
        return Written(new, changed, rows - new - changed)

    async def record(self, connection: RawConnection, importing: Importing) -> int:
        return await append_events_from(connection, EVENTS, importing.clock.now())
