"""Management: keys without a school, which scopes a key uses, and which request opened a school.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from migrations.walls import across, wall

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("school", sa.Column("request_key", sa.Text(), nullable=True))
    op.add_column("school", sa.Column("request_digest", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint("uq_school_request_key", "school", ["request_key"])
    _create_scope_uses()
    _create_platform_keys()


def _create_scope_uses() -> None:
    op.create_table(
        "key_scope_use",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_key_scope_use_school_id"),
        sa.ForeignKeyConstraint(
            ["school_id", "id"],
            ["api_key.school_id", "api_key.id"],
            name="fk_key_scope_use_school_id_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("school_id", "id", "scope", name="pk_key_scope_use"),
    )
    wall("key_scope_use", app="SELECT")
    across("key_scope_use", "skooly_auth", "SELECT", "INSERT", "UPDATE")


def _create_platform_keys() -> None:
    op.create_table(
        "platform_key",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("preset", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("cidrs", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("pepper_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rotated_to", sa.Uuid(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_platform_key"),
        sa.UniqueConstraint("key_id", name="uq_platform_key_key_id"),
    )
    # Looked up before it is known whose key it is; the application's role has no right at all here.
    op.execute("GRANT SELECT, UPDATE (last_used_at) ON platform_key TO skooly_auth")
    # Noting a use must not make every process forget every key.
    op.execute(
        "CREATE TRIGGER advance_key_generation "
        "AFTER UPDATE OF revoked_at, expires_at, rotated_to, scopes, cidrs, digest OR DELETE ON platform_key "
        "FOR EACH STATEMENT EXECUTE FUNCTION advance_key_generation()"
    )


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
