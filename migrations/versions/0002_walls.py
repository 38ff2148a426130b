"""Row-level security, grants and partitions.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

from app.core.partitions import ENSURE_PARTITIONS, FIRST_UUID_AT
from migrations.walls import across, script, wall

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EVERYTHING = (
    "partner",
    "api_key",
    "idempotency_key",
    "school_year",
    "programme",
    "school_class",
    "student",
    "enrolment",
    "badge",
    "zone",
    "zone_window",
    "zone_programme",
    "absence",
    "fiscal_year",
    "fiscal_period",
    "journal",
    "journal_entry",
)
# What is never changed once written, or only by the database's own triggers.
RESTRICTED = {
    "key_use": "SELECT",
    "school_log": "SELECT, INSERT, UPDATE",
    "log_epoch": "SELECT, INSERT",
    "event": "SELECT, INSERT",
    "audit_entry": "SELECT, INSERT, UPDATE (subjects)",
    "invoice": "SELECT, INSERT, UPDATE (label, cancelled_at)",
    "instalment": "SELECT, INSERT, UPDATE (cancelled, due_on)",
    "payment": "SELECT, INSERT",
    "allocation": "SELECT, INSERT, DELETE",
    "wallet": "SELECT, INSERT",
    "wallet_entry": "SELECT, INSERT",
    "journal_line": "SELECT, INSERT, DELETE",
    "passage": "SELECT, INSERT",
    "passage_receipt": "SELECT, INSERT",
    "meal": "SELECT, INSERT",
}


def upgrade() -> None:
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO skooly_app, skooly_worker, skooly_auth")
    for table in EVERYTHING:
        wall(table)
    for table, rights in RESTRICTED.items():
        wall(table, app=rights)
    wall("school", key="id", app="SELECT, INSERT, UPDATE")
    _doors_across_schools()
    op.execute("INSERT INTO key_generation DEFAULT VALUES")
    script(FIRST_UUID_AT)
    script(ENSURE_PARTITIONS)
    op.execute("SELECT ensure_partitions(3)")


def _doors_across_schools() -> None:
    for table in ("school", "partner", "api_key"):
        across(table, "skooly_auth", "SELECT")
    across("key_use", "skooly_auth", "SELECT", "INSERT", "UPDATE")
    op.execute("GRANT SELECT ON key_generation TO skooly_auth")
    op.execute("GRANT SELECT ON alembic_version TO skooly_auth")
    across("school", "skooly_worker", "SELECT")
    across("idempotency_key", "skooly_worker", "SELECT", "DELETE")
    across("school_log", "skooly_worker", "SELECT", "UPDATE")
    across("log_epoch", "skooly_worker", "SELECT", "INSERT")
    across("event", "skooly_worker", "SELECT")
    op.execute("GRANT SELECT, INSERT, UPDATE ON cluster_identity TO skooly_worker")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
