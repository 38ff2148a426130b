"""Credits, refunds, corrections and fee schedules, and the sums that the database keeps of them.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

from migrations.walls import script, wall

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FEES = """
CREATE TABLE fee_schedule (
    school_id uuid NOT NULL CONSTRAINT fk_fee_schedule_school_id REFERENCES school (id),
    id uuid NOT NULL DEFAULT uuidv7(),
    code text NOT NULL, label text NOT NULL, kind text NOT NULL, currency text NOT NULL,
    programme_id uuid, class_id uuid, school_year_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(), retired_at timestamptz,
    CONSTRAINT pk_fee_schedule PRIMARY KEY (school_id, id),
    CONSTRAINT uq_fee_schedule_school_id_code UNIQUE (school_id, code),
    CONSTRAINT fk_fee_schedule_school_id_programme_id FOREIGN KEY (school_id, programme_id)
        REFERENCES programme (school_id, id),
    CONSTRAINT fk_fee_schedule_school_id_class_id FOREIGN KEY (school_id, class_id)
        REFERENCES school_class (school_id, id),
    CONSTRAINT fk_fee_schedule_school_id_school_year_id FOREIGN KEY (school_id, school_year_id)
        REFERENCES school_year (school_id, id),
    CONSTRAINT ck_fee_schedule_kind CHECK (kind IN ('tuition', 'canteen', 'other'))
);
CREATE INDEX ix_fee_schedule_school_id_created_at ON fee_schedule (school_id, created_at, id);
CREATE TABLE fee_part (
    school_id uuid NOT NULL CONSTRAINT fk_fee_part_school_id REFERENCES school (id),
    id uuid NOT NULL DEFAULT uuidv7(),
    fee_schedule_id uuid NOT NULL, number integer NOT NULL, due_on date NOT NULL, amount bigint NOT NULL,
    CONSTRAINT pk_fee_part PRIMARY KEY (school_id, id),
    CONSTRAINT uq_fee_part_school_id_fee_schedule_id_number UNIQUE (school_id, fee_schedule_id, number),
    CONSTRAINT fk_fee_part_school_id_fee_schedule_id FOREIGN KEY (school_id, fee_schedule_id)
        REFERENCES fee_schedule (school_id, id),
    CONSTRAINT ck_fee_part_amount CHECK (amount > 0)
);
CREATE TABLE document_series (
    school_id uuid NOT NULL CONSTRAINT fk_document_series_school_id REFERENCES school (id),
    id uuid NOT NULL DEFAULT uuidv7(),
    kind text NOT NULL, year integer NOT NULL, last bigint NOT NULL,
    CONSTRAINT pk_document_series PRIMARY KEY (school_id, id),
    CONSTRAINT uq_document_series_school_id_kind_year UNIQUE (school_id, kind, year),
    CONSTRAINT ck_document_series_kind CHECK (kind IN ('invoice', 'credit_note')),
    CONSTRAINT ck_document_series_last CHECK (last >= 0)
);
"""

# `owed` is the one word for what is left to pay: the access check, the status and every list ask for it.
INSTALMENTS = """
ALTER TABLE instalment
    ADD COLUMN credited bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT ck_instalment_paid;
ALTER TABLE instalment
    ADD COLUMN owed bigint NOT NULL
        GENERATED ALWAYS AS (CASE WHEN cancelled THEN 0 ELSE amount - credited - paid END) STORED,
    ADD CONSTRAINT ck_instalment_paid CHECK (paid >= 0 AND paid + credited <= amount),
    ADD CONSTRAINT ck_instalment_credited CHECK (credited >= 0),
    ADD CONSTRAINT ck_instalment_cancelled CHECK (NOT cancelled OR paid = 0);
DROP INDEX ix_instalment_unpaid;
CREATE INDEX ix_instalment_unpaid ON instalment (school_id, student_id, due_on) WHERE owed > 0;
"""

INVOICES = """
ALTER TABLE invoice
    ADD COLUMN cancelled_because text,
    ADD COLUMN fee_schedule_id uuid,
    ADD COLUMN paid bigint NOT NULL DEFAULT 0,
    ADD COLUMN credited bigint NOT NULL DEFAULT 0,
    ADD COLUMN next_due_on date,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT fk_invoice_school_id_fee_schedule_id FOREIGN KEY (school_id, fee_schedule_id)
        REFERENCES fee_schedule (school_id, id);
ALTER TABLE invoice NO FORCE ROW LEVEL SECURITY;
ALTER TABLE instalment NO FORCE ROW LEVEL SECURITY;
UPDATE invoice v SET paid = s.paid, next_due_on = s.next_due_on
FROM (
    SELECT school_id, invoice_id, sum(paid)::bigint AS paid, min(due_on) FILTER (WHERE owed > 0) AS next_due_on
    FROM instalment GROUP BY 1, 2
) s WHERE v.school_id = s.school_id AND v.id = s.invoice_id;
ALTER TABLE invoice FORCE ROW LEVEL SECURITY;
ALTER TABLE instalment FORCE ROW LEVEL SECURITY;
DROP INDEX ix_invoice_school_id_student_id;
CREATE INDEX ix_invoice_school_id_student_id ON invoice (school_id, student_id, issued_on, id);
CREATE INDEX ix_invoice_school_id_issued_on ON invoice (school_id, issued_on, id);
CREATE INDEX ix_invoice_school_id_updated_at ON invoice (school_id, updated_at, id);
CREATE INDEX ix_invoice_unpaid ON invoice (school_id, next_due_on, id) WHERE next_due_on IS NOT NULL;
CREATE UNIQUE INDEX ix_invoice_fee_schedule ON invoice (school_id, fee_schedule_id, student_id)
    WHERE fee_schedule_id IS NOT NULL AND cancelled_at IS NULL;

CREATE FUNCTION touch_invoice() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $body$;
CREATE TRIGGER touch_invoice BEFORE UPDATE ON invoice FOR EACH ROW EXECUTE FUNCTION touch_invoice();

CREATE FUNCTION cancel_instalments() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    UPDATE instalment SET cancelled = NEW.cancelled_at IS NOT NULL
    WHERE school_id = NEW.school_id AND invoice_id = NEW.id;
    RETURN NULL;
END $body$;
CREATE TRIGGER cancel_instalments AFTER UPDATE OF cancelled_at ON invoice FOR EACH ROW
    WHEN (OLD.cancelled_at IS DISTINCT FROM NEW.cancelled_at) EXECUTE FUNCTION cancel_instalments();

CREATE FUNCTION sum_instalments() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    UPDATE invoice v SET paid = s.paid, credited = s.credited, next_due_on = s.next_due_on
    FROM (
        SELECT i.school_id, i.invoice_id, sum(i.paid)::bigint AS paid, sum(i.credited)::bigint AS credited,
            min(i.due_on) FILTER (WHERE i.owed > 0) AS next_due_on
        FROM (SELECT DISTINCT school_id, invoice_id FROM changed) c
        JOIN instalment i ON i.school_id = c.school_id AND i.invoice_id = c.invoice_id
        GROUP BY 1, 2
    ) s
    WHERE v.school_id = s.school_id AND v.id = s.invoice_id
        AND (v.paid, v.credited, v.next_due_on) IS DISTINCT FROM (s.paid, s.credited, s.next_due_on);
    RETURN NULL;
END $body$;
CREATE TRIGGER sum_new_instalments AFTER INSERT ON instalment REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sum_instalments();
CREATE TRIGGER sum_changed_instalments AFTER UPDATE ON instalment REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sum_instalments();
"""

CREDITS = """
CREATE TABLE credit_note (
    school_id uuid NOT NULL CONSTRAINT fk_credit_note_school_id REFERENCES school (id),
    id uuid NOT NULL DEFAULT uuidv7(),
    number text NOT NULL, invoice_id uuid NOT NULL, amount bigint NOT NULL, reason text NOT NULL,
    issued_on date NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_credit_note PRIMARY KEY (school_id, id),
    CONSTRAINT uq_credit_note_school_id_number UNIQUE (school_id, number),
    CONSTRAINT fk_credit_note_school_id_invoice_id FOREIGN KEY (school_id, invoice_id)
        REFERENCES invoice (school_id, id),
    CONSTRAINT ck_credit_note_amount CHECK (amount > 0)
);
CREATE INDEX ix_credit_note_school_id_invoice_id ON credit_note (school_id, invoice_id);
CREATE TABLE credit_line (
    school_id uuid NOT NULL CONSTRAINT fk_credit_line_school_id REFERENCES school (id),
    id uuid NOT NULL DEFAULT uuidv7(),
    credit_note_id uuid NOT NULL, instalment_id uuid NOT NULL, amount bigint NOT NULL,
    CONSTRAINT pk_credit_line PRIMARY KEY (school_id, id),
    CONSTRAINT uq_credit_line_school_id_credit_note_id_instalment_id UNIQUE (school_id, credit_note_id, instalment_id),
    CONSTRAINT fk_credit_line_school_id_credit_note_id FOREIGN KEY (school_id, credit_note_id)
        REFERENCES credit_note (school_id, id),
    CONSTRAINT fk_credit_line_school_id_instalment_id FOREIGN KEY (school_id, instalment_id)
        REFERENCES instalment (school_id, id),
    CONSTRAINT ck_credit_line_amount CHECK (amount > 0)
);
CREATE INDEX ix_credit_line_school_id_instalment_id ON credit_line (school_id, instalment_id);

CREATE FUNCTION apply_credits() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    IF EXISTS (
        SELECT FROM added a
        JOIN credit_note n ON n.school_id = a.school_id AND n.id = a.credit_note_id
        JOIN instalment i ON i.school_id = a.school_id AND i.id = a.instalment_id
        WHERE i.invoice_id <> n.invoice_id
    ) THEN
        RAISE EXCEPTION 'a credit note takes from the instalments of its own invoice'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_line_same_invoice';
    END IF;
    UPDATE instalment i SET credited = i.credited + s.amount
    FROM (SELECT school_id, instalment_id, sum(amount)::bigint AS amount FROM added GROUP BY 1, 2) s
    WHERE i.school_id = s.school_id AND i.id = s.instalment_id;
    RETURN NULL;
END $body$;
CREATE TRIGGER apply_credits AFTER INSERT ON credit_line REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION apply_credits();

CREATE FUNCTION require_credit_lines() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.amount <> coalesce((SELECT sum(amount) FROM credit_line
            WHERE school_id = NEW.school_id AND credit_note_id = NEW.id), 0) THEN
        RAISE EXCEPTION 'the lines of credit note % do not add up', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_note_adds_up';
    END IF;
    RETURN NULL;
END $body$;
CREATE CONSTRAINT TRIGGER require_credit_lines AFTER INSERT ON credit_note
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_credit_lines();
"""

REFUNDS = """
CREATE TABLE refund (
    school_id uuid NOT NULL CONSTRAINT fk_refund_school_id REFERENCES school (id),
    id uuid NOT NULL DEFAULT uuidv7(),
    payment_id uuid NOT NULL, provider text NOT NULL, reference text NOT NULL, amount bigint NOT NULL,
    reason text NOT NULL, refunded_at timestamptz NOT NULL,
    CONSTRAINT pk_refund PRIMARY KEY (school_id, id),
    CONSTRAINT uq_refund_school_id_provider_reference UNIQUE (school_id, provider, reference),
    CONSTRAINT fk_refund_school_id_payment_id FOREIGN KEY (school_id, payment_id) REFERENCES payment (school_id, id),
    CONSTRAINT ck_refund_provider CHECK (provider IN ('orange_money', 'wave', 'mtn', 'bank', 'cash')),
    CONSTRAINT ck_refund_amount CHECK (amount > 0)
);
CREATE INDEX ix_refund_school_id_payment_id ON refund (school_id, payment_id);
ALTER TABLE payment
    ADD COLUMN refunded bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT ck_payment_allocated;
ALTER TABLE payment
    ADD CONSTRAINT ck_payment_allocated CHECK (allocated >= 0 AND allocated + refunded <= amount),
    ADD CONSTRAINT ck_payment_refunded CHECK (refunded >= 0);
DROP INDEX ix_payment_school_id_student_id;
CREATE INDEX ix_payment_school_id_student_id ON payment (school_id, student_id, received_at, id);
CREATE INDEX ix_payment_school_id_received_at ON payment (school_id, received_at, id);

CREATE FUNCTION apply_refunds() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    UPDATE payment p SET refunded = p.refunded + s.amount
    FROM (SELECT school_id, payment_id, sum(amount)::bigint AS amount FROM added GROUP BY 1, 2) s
    WHERE p.school_id = s.school_id AND p.id = s.payment_id;
    RETURN NULL;
END $body$;
CREATE TRIGGER apply_refunds AFTER INSERT ON refund REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION apply_refunds();
"""

WALLETS = """
ALTER TABLE wallet_entry
    ADD COLUMN reason text,
    ADD COLUMN forced boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT ck_wallet_entry_kind;
ALTER TABLE wallet_entry
    ADD CONSTRAINT ck_wallet_entry_kind CHECK (kind IN ('top_up', 'meal', 'debit', 'correction')),
    ADD CONSTRAINT ck_wallet_entry_sign CHECK (
        CASE kind WHEN 'top_up' THEN amount > 0 WHEN 'correction' THEN true ELSE amount < 0 END),
    ADD CONSTRAINT ck_wallet_entry_reason CHECK (reason IS NOT NULL OR NOT (forced OR kind = 'correction')),
    ADD CONSTRAINT ck_wallet_entry_forced CHECK (NOT forced OR kind = 'debit');

CREATE OR REPLACE FUNCTION apply_wallet_entries() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    UPDATE wallet w SET balance = w.balance + s.amount
    FROM (SELECT school_id, wallet_id, sum(amount)::bigint AS amount FROM added GROUP BY 1, 2) s
    WHERE w.school_id = s.school_id AND w.id = s.wallet_id;
    IF EXISTS (
        SELECT FROM added a JOIN wallet w ON w.school_id = a.school_id AND w.id = a.wallet_id
        WHERE a.kind = 'debit' AND NOT a.forced AND w.balance < 0
    ) THEN
        RAISE EXCEPTION 'a debit overdraws a wallet only where it is forced'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'wallet_entry_overdraws';
    END IF;
    RETURN NULL;
END $body$;
"""

# As in 0004, but for the debt: what is owed, and no longer what is unpaid of the amount.
DECIDE = """
DO $do$
DECLARE
    definition text;
BEGIN
    SELECT pg_get_functiondef(oid) INTO STRICT definition FROM pg_proc
    WHERE proname = 'decide_access' AND pronamespace = 'public'::regnamespace;
    IF position('i.paid < i.amount AND NOT i.cancelled' IN definition) = 0 THEN
        RAISE EXCEPTION 'decide_access no longer asks what is unpaid';
    END IF;
    EXECUTE replace(definition, 'i.paid < i.amount AND NOT i.cancelled', 'i.owed > 0');
END $do$;
"""

# Documents are written once; series count; a schedule is only retired.
RIGHTS = {
    "fee_schedule": "SELECT, INSERT, UPDATE (retired_at)",
    "fee_part": "SELECT, INSERT",
    "document_series": "SELECT, INSERT, UPDATE (last)",
    "credit_note": "SELECT, INSERT",
    "credit_line": "SELECT, INSERT",
    "refund": "SELECT, INSERT",
}


def upgrade() -> None:
    for statements in (FEES, INSTALMENTS, INVOICES, CREDITS, REFUNDS, WALLETS, DECIDE):
        script(statements)
    for table, rights in RIGHTS.items():
        wall(table, app=rights)
    op.execute("GRANT UPDATE (cancelled_because) ON invoice TO skooly_app")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
