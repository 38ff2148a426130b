"""Epochs of logs are numbered by the millisecond: two restores within a second are two epochs.

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("school_log", "log_epoch", "event"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN epoch TYPE bigint")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
