"""The audit, sealed into a hash chain per school, with the look-ups that a search needs.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from migrations.walls import across, wall

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The application reads the chain and cannot write it: only the worker's job does.
WORKER = {
    "audit_entry": ("SELECT",),
    "audit_seal": ("SELECT", "INSERT"),
    "audit_subject": ("SELECT", "INSERT"),
    "audit_salt": ("SELECT", "INSERT"),
    "audit_chain": ("SELECT", "INSERT", "UPDATE"),
}


def upgrade() -> None:
    _create_seal()
    _create_subject()
    _create_chain()
    for table in ("audit_seal", "audit_subject", "audit_salt", "audit_chain"):
        wall(table, app="SELECT")
    for table, commands in WORKER.items():
        across(table, "skooly_worker", *commands)
    op.execute("SELECT ensure_partitions(3)")


def _create_seal() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("commitments", sa.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_audit_seal_school_id"),
        sa.PrimaryKeyConstraint("school_id", "operation", "request_id", name="pk_audit_seal"),
        postgresql_partition_by="RANGE (request_id)",
    )
    for columns in (["position"], ["key_id", "request_id"], ["partner_id", "request_id"]):
        name = "_".join(["ix_audit_seal_school_id", *columns])
        op.create_index(name, "audit_seal", ["school_id", *columns], unique=False)


def _create_subject() -> None:
    op.create_table(
        "audit_subject",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_audit_subject_school_id"),
        sa.PrimaryKeyConstraint("school_id", "subject", "request_id", "operation", name="pk_audit_subject"),
        postgresql_partition_by="RANGE (request_id)",
    )


def _create_chain() -> None:
    op.create_table(
        "audit_salt",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_audit_salt_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_audit_salt"),
    )
    op.create_table(
        "audit_chain",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_until", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_audit_chain_school_id"),
        sa.PrimaryKeyConstraint("school_id", name="pk_audit_chain"),
    )


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
