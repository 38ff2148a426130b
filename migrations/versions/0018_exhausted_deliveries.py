"""Deliveries that were given up are found without reading those that arrived.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_delivery_exhausted ON delivery (school_id, endpoint_id, event_id) WHERE state = 'exhausted'"
    )


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
