"""Finding the responses that are old enough to be forgotten.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_attempt_responses ON attempt (at) WHERE response IS NOT NULL")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
