"""The matricules that students have had: what the log told of somebody under an old one is still about them.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

from migrations.walls import wall

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_matricule",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("matricule_key", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_former_matricule_school_id"),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"],
            ["student.school_id", "student.id"],
            name="fk_former_matricule_school_id_student_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("school_id", "matricule_key", "student_id", name="pk_former_matricule"),
    )
    wall("former_matricule", app="SELECT, INSERT")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
