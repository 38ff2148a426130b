"""A folded name of 64 characters: it is part of cursors, which are short, and sorts as well.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE student ALTER COLUMN name_key SET EXPRESSION AS (left(name_key(last_name, first_name), 64))"
    )


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
