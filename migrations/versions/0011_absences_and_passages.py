"""When an absence was justified, and the orders in which absences and passages are read.

Revision ID: 0011
Revises: 0010
"""

from migrations.walls import script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ABSENCES = """
ALTER TABLE absence ADD COLUMN justified_at timestamptz, ADD COLUMN justification text;
CREATE INDEX ix_absence_school_id_starts_at ON absence (school_id, starts_at, id);
CREATE INDEX ix_absence_school_id_student_id_starts_at ON absence (school_id, student_id, starts_at, id);
"""
PASSAGES = """
CREATE INDEX ix_passage_school_id_zone_id_id ON passage (school_id, zone_id, id);
CREATE INDEX ix_passage_school_id_student_id_id ON passage (school_id, student_id, id);
"""


def upgrade() -> None:
    script(ABSENCES)
    script(PASSAGES)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
