"""The tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "cluster_identity",
        sa.Column("only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("system_identifier", sa.BigInteger(), nullable=False),
        sa.Column("timeline", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("only", name="pk_cluster_identity"),
    )
    op.create_table(
        "key_generation",
        sa.Column("only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("generation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("only", name="pk_key_generation"),
    )
    op.create_table(
        "school",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("code = upper(code)", name=op.f("ck_school_code_upper")),
        sa.PrimaryKeyConstraint("id", name="pk_school"),
        sa.UniqueConstraint("code", name="uq_school_code"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subjects", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("channel IN ('graphql', 'rest', 'cli')", name=op.f("ck_audit_entry_channel")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_audit_entry_school_id"),
        sa.PrimaryKeyConstraint("school_id", "request_id", "operation", name="pk_audit_entry"),
        postgresql_partition_by="RANGE (request_id)",
    )
    op.create_table(
        "event",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_event_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_event"),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_event_school_id_position", "event", ["school_id", "position"], unique=False)
    op.create_table(
        "fiscal_year",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_fiscal_year_order")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_fiscal_year_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_fiscal_year"),
        sa.UniqueConstraint("school_id", "code", name="uq_fiscal_year_school_id_code"),
    )
    op.create_table(
        "journal",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_journal_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_journal"),
        sa.UniqueConstraint("school_id", "code", name="uq_journal_school_id_code"),
    )
    op.create_table(
        "log_epoch",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_position", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_log_epoch_school_id"),
        sa.PrimaryKeyConstraint("school_id", "epoch", name="pk_log_epoch"),
    )
    op.create_table(
        "partner",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_partner_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_partner"),
        sa.UniqueConstraint("school_id", "name", name="uq_partner_school_id_name"),
    )
    op.create_table(
        "passage",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("zone_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=True),
        sa.Column("badge_uid", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("device_event_id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_passage_direction")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_passage_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_passage"),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_passage_anti_passback", "passage", ["school_id", "student_id", "zone_id", "occurred_at"], unique=False
    )
    op.create_table(
        "passage_receipt",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("device_event_id", sa.Text(), nullable=False),
        sa.Column("passage_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_passage_receipt_school_id"),
        sa.PrimaryKeyConstraint("school_id", "device_id", "device_event_id", name="pk_passage_receipt"),
    )
    op.create_table(
        "programme",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_programme_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_programme"),
        sa.UniqueConstraint("school_id", "code", name="uq_programme_school_id_code"),
    )
    op.create_table(
        "school_log",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_school_log_school_id"),
        sa.PrimaryKeyConstraint("school_id", name="pk_school_log"),
    )
    op.create_table(
        "school_year",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_school_year_order")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_school_year_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_school_year"),
        sa.UniqueConstraint("school_id", "code", name="uq_school_year_school_id_code"),
    )
    op.create_table(
        "student",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("matricule", sa.Text(), nullable=False),
        sa.Column("matricule_key", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('active', 'suspended', 'graduated', 'left')", name=op.f("ck_student_status")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_student_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_student"),
        sa.UniqueConstraint("school_id", "matricule_key", name="uq_student_school_id_matricule_key"),
    )
    op.create_index("ix_student_school_id_updated_at", "student", ["school_id", "updated_at", "id"], unique=False)
    op.create_table(
        "zone",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("requires_tuition", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("anti_passback_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_zone_price")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_zone_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_zone"),
        sa.UniqueConstraint("school_id", "code", name="uq_zone_school_id_code"),
    )
    op.create_table(
        "absence",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("justified", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("school_id"), "="),
            (sa.column("student_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            using="gist",
            name="ex_absence_overlap",
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_absence_order")),
        sa.ForeignKeyConstraint(
            ["school_id", "partner_id"], ["partner.school_id", "partner.id"], name="fk_absence_school_id_partner_id"
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"], ["student.school_id", "student.id"], name="fk_absence_school_id_student_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_absence_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_absence"),
    )
    op.create_table(
        "api_key",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("preset", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("zones", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("cidrs", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("pepper_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rotated_to", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "partner_id"], ["partner.school_id", "partner.id"], name="fk_api_key_school_id_partner_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_api_key_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_api_key"),
        sa.UniqueConstraint("key_id", name="uq_api_key_key_id"),
    )
    op.create_table(
        "badge",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"], ["student.school_id", "student.id"], name="fk_badge_school_id_student_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_badge_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_badge"),
    )
    op.create_index("ix_badge_school_id_student_id", "badge", ["school_id", "student_id"], unique=False)
    op.create_index("ix_badge_school_id_uid", "badge", ["school_id", "uid", "assigned_at"], unique=False)
    op.create_index(
        "uq_badge_school_id_uid_active",
        "badge",
        ["school_id", "uid"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "fiscal_period",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("fiscal_year_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_fiscal_period_order")),
        sa.ForeignKeyConstraint(
            ["school_id", "fiscal_year_id"],
            ["fiscal_year.school_id", "fiscal_year.id"],
            name="fk_fiscal_period_school_id_fiscal_year_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_fiscal_period_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_fiscal_period"),
        sa.UniqueConstraint("school_id", "code", name="uq_fiscal_period_school_id_code"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload_digest", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "partner_id"],
            ["partner.school_id", "partner.id"],
            name="fk_idempotency_key_school_id_partner_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_idempotency_key_school_id"),
        sa.PrimaryKeyConstraint("school_id", "partner_id", "operation", "key", name="pk_idempotency_key"),
    )
    op.create_index(
        "ix_idempotency_key_school_id_created_at", "idempotency_key", ["school_id", "created_at"], unique=False
    )
    op.create_table(
        "invoice",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'tuition'"), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('tuition', 'canteen', 'other')", name=op.f("ck_invoice_kind")),
        sa.CheckConstraint("total > 0", name=op.f("ck_invoice_total")),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"], ["student.school_id", "student.id"], name="fk_invoice_school_id_student_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_invoice_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_invoice"),
        sa.UniqueConstraint("school_id", "number", name="uq_invoice_school_id_number"),
    )
    op.create_index("ix_invoice_school_id_student_id", "invoice", ["school_id", "student_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "provider IN ('orange_money', 'wave', 'mtn', 'bank', 'cash')", name=op.f("ck_payment_provider")
        ),
        sa.CheckConstraint("allocated BETWEEN 0 AND amount", name=op.f("ck_payment_allocated")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"], ["student.school_id", "student.id"], name="fk_payment_school_id_student_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_payment_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_payment"),
        sa.UniqueConstraint("school_id", "provider", "reference", name="uq_payment_school_id_provider_reference"),
    )
    op.create_index("ix_payment_school_id_student_id", "payment", ["school_id", "student_id"], unique=False)
    op.create_table(
        "school_class",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "programme_id"],
            ["programme.school_id", "programme.id"],
            name="fk_school_class_school_id_programme_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_school_class_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_school_class"),
        sa.UniqueConstraint("school_id", "code", name="uq_school_class_school_id_code"),
    )
    op.create_table(
        "wallet",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"], ["student.school_id", "student.id"], name="fk_wallet_school_id_student_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_wallet_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_wallet"),
        sa.UniqueConstraint("school_id", "student_id", name="uq_wallet_school_id_student_id"),
    )
    op.create_table(
        "zone_programme",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("zone_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "programme_id"],
            ["programme.school_id", "programme.id"],
            name="fk_zone_programme_school_id_programme_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "zone_id"],
            ["zone.school_id", "zone.id"],
            name="fk_zone_programme_school_id_zone_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_zone_programme_school_id"),
        sa.PrimaryKeyConstraint("school_id", "zone_id", "programme_id", name="pk_zone_programme"),
    )
    op.create_table(
        "zone_window",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("zone_id", sa.Uuid(), nullable=False),
        sa.Column("meal", sa.Text(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("opens_at", sa.Time(), nullable=False),
        sa.Column("closes_at", sa.Time(), nullable=False),
        sa.CheckConstraint("opens_at <> closes_at", name=op.f("ck_zone_window_length")),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_zone_window_weekday")),
        sa.ForeignKeyConstraint(
            ["school_id", "zone_id"],
            ["zone.school_id", "zone.id"],
            name="fk_zone_window_school_id_zone_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_zone_window_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_zone_window"),
    )
    op.create_index("ix_zone_window_school_id_zone_id", "zone_window", ["school_id", "zone_id"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("programme_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("school_year_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "class_id"],
            ["school_class.school_id", "school_class.id"],
            name="fk_enrolment_school_id_class_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "programme_id"],
            ["programme.school_id", "programme.id"],
            name="fk_enrolment_school_id_programme_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "school_year_id"],
            ["school_year.school_id", "school_year.id"],
            name="fk_enrolment_school_id_school_year_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"], ["student.school_id", "student.id"], name="fk_enrolment_school_id_student_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_enrolment_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_enrolment"),
        sa.UniqueConstraint(
            "school_id",
            "student_id",
            "programme_id",
            "school_year_id",
            name="uq_enrolment_school_id_student_id_programme_id_school_year_id",
        ),
    )
    op.create_table(
        "instalment",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tuition", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("cancelled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_instalment_amount")),
        sa.CheckConstraint("paid BETWEEN 0 AND amount", name=op.f("ck_instalment_paid")),
        sa.ForeignKeyConstraint(
            ["school_id", "invoice_id"], ["invoice.school_id", "invoice.id"], name="fk_instalment_school_id_invoice_id"
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"], ["student.school_id", "student.id"], name="fk_instalment_school_id_student_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_instalment_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_instalment"),
        sa.UniqueConstraint("school_id", "invoice_id", "number", name="uq_instalment_school_id_invoice_id_number"),
    )
    op.create_index(
        "ix_instalment_unpaid",
        "instalment",
        ["school_id", "student_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("paid < amount AND NOT cancelled"),
    )
    op.create_table(
        "journal_entry",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("journal_id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year_id", sa.Uuid(), nullable=False),
        sa.Column("period_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entry_date", sa.Date(), nullable=False),
        sa.Column("piece_ref", sa.Text(), nullable=False),
        sa.Column("piece_date", sa.Date(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("validated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source_type", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_entry_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(status = 'validated') = (validated_at IS NOT NULL)", name=op.f("ck_journal_entry_validated_at")
        ),
        sa.CheckConstraint("status IN ('draft', 'validated')", name=op.f("ck_journal_entry_status")),
        sa.CheckConstraint("number > 0", name=op.f("ck_journal_entry_number")),
        sa.ForeignKeyConstraint(
            ["school_id", "fiscal_year_id"],
            ["fiscal_year.school_id", "fiscal_year.id"],
            name="fk_journal_entry_school_id_fiscal_year_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "journal_id"],
            ["journal.school_id", "journal.id"],
            name="fk_journal_entry_school_id_journal_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "period_id"],
            ["fiscal_period.school_id", "fiscal_period.id"],
            name="fk_journal_entry_school_id_period_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "reverses_entry_id"],
            ["journal_entry.school_id", "journal_entry.id"],
            name="fk_journal_entry_school_id_reverses_entry_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_journal_entry_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_journal_entry"),
        sa.UniqueConstraint(
            "school_id",
            "journal_id",
            "fiscal_year_id",
            "number",
            name="uq_journal_entry_school_id_journal_id_fiscal_year_id_number",
        ),
    )
    op.create_index(
        "ix_journal_entry_school_id_entry_date", "journal_entry", ["school_id", "entry_date", "id"], unique=False
    )
    op.create_table(
        "key_use",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "id"], ["api_key.school_id", "api_key.id"], name="fk_key_use_school_id_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_key_use_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_key_use"),
    )
    op.create_table(
        "wallet_entry",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('top_up', 'meal', 'correction')", name=op.f("ck_wallet_entry_kind")),
        sa.CheckConstraint(
            "provider IN ('orange_money', 'wave', 'mtn', 'bank', 'cash')", name=op.f("ck_wallet_entry_provider")
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_wallet_entry_amount")),
        sa.ForeignKeyConstraint(
            ["school_id", "wallet_id"], ["wallet.school_id", "wallet.id"], name="fk_wallet_entry_school_id_wallet_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_wallet_entry_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_wallet_entry"),
        sa.UniqueConstraint(
            "school_id",
            "kind",
            "provider",
            "reference",
            name="uq_wallet_entry_school_id_kind_provider_reference",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_wallet_entry_school_id_wallet_id", "wallet_entry", ["school_id", "wallet_id", "id"], unique=False
    )
    op.create_table(
        "allocation",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("instalment_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_allocation_amount")),
        sa.ForeignKeyConstraint(
            ["school_id", "instalment_id"],
            ["instalment.school_id", "instalment.id"],
            name="fk_allocation_school_id_instalment_id",
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "payment_id"], ["payment.school_id", "payment.id"], name="fk_allocation_school_id_payment_id"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_allocation_school_id"),
        sa.PrimaryKeyConstraint("school_id", "id", name="pk_allocation"),
        sa.UniqueConstraint(
            "school_id", "payment_id", "instalment_id", name="uq_allocation_school_id_payment_id_instalment_id"
        ),
    )
    op.create_index("ix_allocation_school_id_instalment_id", "allocation", ["school_id", "instalment_id"], unique=False)
    op.create_table(
        "journal_line",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("account_label", sa.Text(), nullable=False),
        sa.Column("aux_account", sa.Text(), nullable=True),
        sa.Column("aux_label", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("debit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("credit", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("payment_mode", sa.Text(), nullable=True),
        sa.Column("lettering", sa.Text(), nullable=True),
        sa.Column("lettered_at", sa.Date(), nullable=True),
        sa.Column("analytic", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint(
            "(debit > 0 AND credit = 0) OR (credit > 0 AND debit = 0)", name=op.f("ck_journal_line_one_side")
        ),
        sa.CheckConstraint("line_no > 0", name=op.f("ck_journal_line_line_no")),
        sa.ForeignKeyConstraint(
            ["school_id", "entry_id"],
            ["journal_entry.school_id", "journal_entry.id"],
            name="fk_journal_line_school_id_entry_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_journal_line_school_id"),
        sa.PrimaryKeyConstraint("school_id", "entry_id", "line_no", name="pk_journal_line"),
    )
    op.create_table(
        "meal",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("meal", sa.Text(), nullable=False),
        sa.Column("wallet_entry_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "student_id"], ["student.school_id", "student.id"], name="fk_meal_school_id_student_id"
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "wallet_entry_id"],
            ["wallet_entry.school_id", "wallet_entry.id"],
            name="fk_meal_school_id_wallet_entry_id",
        ),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_meal_school_id"),
        sa.PrimaryKeyConstraint("school_id", "student_id", "service_date", "meal", name="pk_meal"),
    )


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
