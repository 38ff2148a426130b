"""Books that people keep and facts that post themselves: charts, account maps, closings, and numbers of final entries.

Revision ID: 0010
Revises: 0009
"""

from migrations.walls import across, script, wall

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE ledger_account (
    school_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    code text NOT NULL,
    label text NOT NULL,
    CONSTRAINT pk_ledger_account PRIMARY KEY (school_id, id),
    CONSTRAINT uq_ledger_account_school_id_code UNIQUE (school_id, code),
    CONSTRAINT ck_ledger_account_code CHECK (code <> ''),
    CONSTRAINT fk_ledger_account_school_id FOREIGN KEY (school_id) REFERENCES school (id)
);
CREATE TABLE account_map (
    school_id uuid NOT NULL,
    chart text NOT NULL,
    chosen_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_account_map PRIMARY KEY (school_id),
    CONSTRAINT fk_account_map_school_id FOREIGN KEY (school_id) REFERENCES school (id)
);
CREATE TABLE account_use (
    school_id uuid NOT NULL,
    use text NOT NULL,
    account text NOT NULL,
    CONSTRAINT pk_account_use PRIMARY KEY (school_id, use),
    CONSTRAINT ck_account_use_use CHECK (use IN ('receivable', 'wallet', 'tuition', 'canteen', 'other',
        'deferred_income', 'bank', 'mobile_money', 'cash', 'bank_fees', 'adjustment')),
    CONSTRAINT fk_account_use_school_id FOREIGN KEY (school_id) REFERENCES account_map (school_id),
    CONSTRAINT fk_account_use_school_id_account FOREIGN KEY (school_id, account)
        REFERENCES ledger_account (school_id, code)
);
CREATE TABLE journal_use (
    school_id uuid NOT NULL,
    use text NOT NULL,
    journal_id uuid NOT NULL,
    CONSTRAINT pk_journal_use PRIMARY KEY (school_id, use),
    CONSTRAINT ck_journal_use_use CHECK (use IN ('sales', 'bank', 'mobile_money', 'cash', 'canteen', 'general')),
    CONSTRAINT fk_journal_use_school_id FOREIGN KEY (school_id) REFERENCES account_map (school_id),
    CONSTRAINT fk_journal_use_school_id_journal_id FOREIGN KEY (school_id, journal_id)
        REFERENCES journal (school_id, id)
);
ALTER TABLE fiscal_year ADD COLUMN closed_at timestamptz;
ALTER TABLE journal_entry ALTER COLUMN number DROP NOT NULL,
    ADD CONSTRAINT ck_journal_entry_numbered CHECK (status = 'draft' OR number IS NOT NULL);
CREATE INDEX ix_journal_entry_school_id_period_id ON journal_entry (school_id, period_id);
CREATE INDEX ix_journal_entry_school_id_piece_ref ON journal_entry (school_id, piece_ref);
CREATE INDEX ix_journal_entry_school_id_validated_at ON journal_entry (school_id, validated_at);
CREATE UNIQUE INDEX uq_journal_entry_source ON journal_entry (school_id, source_id, source_type)
    WHERE source_id IS NOT NULL;
CREATE UNIQUE INDEX uq_journal_entry_reverses ON journal_entry (school_id, reverses_entry_id)
    WHERE reverses_entry_id IS NOT NULL;
CREATE INDEX ix_journal_line_school_id_account ON journal_line (school_id, account, entry_id);
CREATE INDEX ix_journal_line_school_id_aux_account ON journal_line (school_id, aux_account, entry_id)
    WHERE aux_account IS NOT NULL;
"""

# The period is locked against being closed until the entry's transaction ends, whoever writes the entry and however.
# Of the entries with a number only the last may go: the others would leave a gap.
ENTRIES = """
CREATE OR REPLACE FUNCTION guard_journal_entry() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status = 'validated' THEN
        RAISE EXCEPTION 'entry % is validated: reverse it instead', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_immutable';
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.number IS NOT NULL AND (TG_OP = 'DELETE' OR NEW.number IS DISTINCT FROM OLD.number
            OR (NEW.journal_id, NEW.fiscal_year_id) <> (OLD.journal_id, OLD.fiscal_year_id)) THEN
        PERFORM FROM journal j WHERE j.school_id = OLD.school_id AND j.id = OLD.journal_id FOR NO KEY UPDATE;
        PERFORM FROM journal_entry e WHERE e.school_id = OLD.school_id AND e.journal_id = OLD.journal_id
            AND e.fiscal_year_id = OLD.fiscal_year_id AND e.number > OLD.number;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % has a number that others follow', OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_gapless';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.status <> 'draft' THEN
        RAISE EXCEPTION 'an entry starts as a draft'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_starts_as_draft';
    END IF;
    PERFORM FROM fiscal_period p
    WHERE p.school_id = NEW.school_id AND p.id = NEW.period_id AND p.closed_at IS NULL
        AND p.fiscal_year_id = NEW.fiscal_year_id AND NEW.entry_date BETWEEN p.starts_on AND p.ends_on
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'entry date % lies in no open period of its fiscal year', NEW.entry_date
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_open_period';
    END IF;
    RETURN NEW;
END $body$;
"""

# Periods close in the order of their days and are opened again in the other, so that no open one lies before a closed
# one. Whoever writes an entry holds its period: what is a draft here has been committed. The lock is for those who open
# and close at once, who would not see each other.
CLOSINGS = """
CREATE FUNCTION guard_fiscal_period() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    refusal text;
BEGIN
    IF (OLD.closed_at IS NULL) = (NEW.closed_at IS NULL) THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('fiscal_year ' || NEW.school_id::text, 0));
    SELECT CASE
        WHEN EXISTS (SELECT FROM fiscal_year y WHERE y.school_id = NEW.school_id AND y.id = NEW.fiscal_year_id
            AND y.closed_at IS NOT NULL) THEN 'fiscal_period_year_open'
        WHEN NEW.closed_at IS NULL THEN
            CASE WHEN EXISTS (SELECT FROM fiscal_period p WHERE p.school_id = NEW.school_id
                AND p.starts_on > NEW.ends_on AND p.closed_at IS NOT NULL) THEN 'fiscal_period_in_order' END
        WHEN EXISTS (SELECT FROM fiscal_period p WHERE p.school_id = NEW.school_id
            AND p.ends_on < NEW.starts_on AND p.closed_at IS NULL) THEN 'fiscal_period_in_order'
        WHEN EXISTS (SELECT FROM journal_entry e WHERE e.school_id = NEW.school_id AND e.period_id = NEW.id
            AND e.status = 'draft') THEN 'fiscal_period_drafts'
    END INTO refusal;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION 'period % cannot be opened or closed now', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = refusal;
    END IF;
    RETURN NEW;
END $body$;
CREATE TRIGGER guard_fiscal_period BEFORE UPDATE ON fiscal_period
    FOR EACH ROW EXECUTE FUNCTION guard_fiscal_period();

CREATE FUNCTION guard_fiscal_year() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    refusal text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('fiscal_year ' || NEW.school_id::text, 0));
    IF EXISTS (SELECT FROM fiscal_year y WHERE y.school_id = NEW.school_id AND y.id <> NEW.id
            AND y.starts_on <= NEW.ends_on AND y.ends_on >= NEW.starts_on) THEN
        refusal := 'fiscal_year_overlap';
    ELSIF TG_OP = 'UPDATE' AND OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL AND EXISTS (
            SELECT FROM fiscal_period p WHERE p.school_id = NEW.school_id AND p.fiscal_year_id = NEW.id
                AND p.closed_at IS NULL) THEN
        refusal := 'fiscal_year_periods_closed';
    ELSIF TG_OP = 'UPDATE' AND OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL AND EXISTS (
            SELECT FROM fiscal_year y WHERE y.school_id = NEW.school_id AND y.starts_on > NEW.ends_on
                AND y.closed_at IS NOT NULL) THEN
        refusal := 'fiscal_year_in_order';
    END IF;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION 'fiscal year % cannot be so', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = refusal;
    END IF;
    RETURN NEW;
END $body$;
CREATE TRIGGER guard_fiscal_year BEFORE INSERT OR UPDATE ON fiscal_year
    FOR EACH ROW EXECUTE FUNCTION guard_fiscal_year();
"""


def upgrade() -> None:
    script(TABLES)
    for table in ("ledger_account", "account_map", "account_use", "journal_use"):
        wall(table)
    across("account_map", "skooly_worker", "SELECT")
    script(ENTRIES)
    script(CLOSINGS)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
