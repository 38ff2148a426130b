"""A school's log notes where it was last written, so that whoever writes elsewhere opens a new epoch.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

HOME = "concat(extract(epoch FROM pg_postmaster_start_time()), ' ', pg_relation_filepath('school_log'))"


def upgrade() -> None:
    """Logs that there are already have no home: their next event opens an epoch, whatever server this is."""
    op.execute("ALTER TABLE school_log ADD COLUMN home text NOT NULL DEFAULT ''")
    op.execute(f"ALTER TABLE school_log ALTER COLUMN home SET DEFAULT {HOME}")
    op.execute("DROP TABLE cluster_identity")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
