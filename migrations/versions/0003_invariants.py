"""What the database itself holds about money, books and keys.

Revision ID: 0003
Revises: 0002
"""

from migrations.walls import script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Revocation reaches every process through this counter, however the key was changed.
KEYS = """
CREATE FUNCTION advance_key_generation() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public AS $body$
BEGIN
    UPDATE key_generation SET generation = generation + 1;
    RETURN NULL;
END $body$;
CREATE TRIGGER advance_key_generation AFTER UPDATE OR DELETE ON api_key
    FOR EACH STATEMENT EXECUTE FUNCTION advance_key_generation();
"""

# Both sums move with the allocations; the CHECK constraints on them refuse paying more than there is.
ALLOCATIONS = """
CREATE FUNCTION apply_allocations() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public AS $body$
BEGIN
    IF EXISTS (
        SELECT FROM moved a
        JOIN payment p ON p.school_id = a.school_id AND p.id = a.payment_id
        JOIN instalment i ON i.school_id = a.school_id AND i.id = a.instalment_id
        JOIN invoice v ON v.school_id = i.school_id AND v.id = i.invoice_id
        WHERE p.currency <> v.currency OR p.student_id <> i.student_id
    ) THEN
        RAISE EXCEPTION 'a payment settles invoices of its student in its currency'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'allocation_same_student_and_currency';
    END IF;
    UPDATE instalment i SET paid = i.paid + s.amount * TG_ARGV[0]::int
    FROM (SELECT school_id, instalment_id, sum(amount)::bigint AS amount FROM moved GROUP BY 1, 2) s
    WHERE i.school_id = s.school_id AND i.id = s.instalment_id;
    UPDATE payment p SET allocated = p.allocated + s.amount * TG_ARGV[0]::int
    FROM (SELECT school_id, payment_id, sum(amount)::bigint AS amount FROM moved GROUP BY 1, 2) s
    WHERE p.school_id = s.school_id AND p.id = s.payment_id;
    RETURN NULL;
END $body$;
CREATE TRIGGER add_allocations AFTER INSERT ON allocation REFERENCING NEW TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION apply_allocations('1');
CREATE TRIGGER remove_allocations AFTER DELETE ON allocation REFERENCING OLD TABLE AS moved
    FOR EACH STATEMENT EXECUTE FUNCTION apply_allocations('-1');
"""

WALLETS = """
CREATE FUNCTION apply_wallet_entries() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public AS $body$
BEGIN
    UPDATE wallet w SET balance = w.balance + s.amount
    FROM (SELECT school_id, wallet_id, sum(amount)::bigint AS amount FROM added GROUP BY 1, 2) s
    WHERE w.school_id = s.school_id AND w.id = s.wallet_id;
    RETURN NULL;
END $body$;
CREATE TRIGGER apply_wallet_entries AFTER INSERT ON wallet_entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION apply_wallet_entries();
"""

ENTRIES = """
CREATE FUNCTION guard_journal_entry() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status = 'validated' THEN
        RAISE EXCEPTION 'entry % is validated: reverse it instead', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_immutable';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.status <> 'draft' THEN
        RAISE EXCEPTION 'an entry starts as a draft'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_starts_as_draft';
    END IF;
    IF NOT EXISTS (
        SELECT FROM fiscal_period p
        WHERE p.school_id = NEW.school_id AND p.id = NEW.period_id AND p.closed_at IS NULL
            AND p.fiscal_year_id = NEW.fiscal_year_id
            AND NEW.entry_date BETWEEN p.starts_on AND p.ends_on
    ) THEN
        RAISE EXCEPTION 'entry date % lies in no open period of its fiscal year', NEW.entry_date
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_open_period';
    END IF;
    RETURN NEW;
END $body$;
CREATE TRIGGER guard_journal_entry BEFORE INSERT OR UPDATE OR DELETE ON journal_entry
    FOR EACH ROW EXECUTE FUNCTION guard_journal_entry();

CREATE FUNCTION require_balanced_entry() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    entry uuid; lines bigint; difference numeric;
BEGIN
    -- Two statements: an expression over both records would fail for whichever table lacks the column.
    IF TG_TABLE_NAME = 'journal_line' THEN
        entry := OLD.entry_id;
    ELSE
        entry := NEW.id;
    END IF;
    IF NOT EXISTS (SELECT FROM journal_entry WHERE id = entry
            AND school_id = current_setting('app.school')::uuid) THEN
        RETURN NULL;
    END IF;
    SELECT count(*), coalesce(sum(debit) - sum(credit), 0) INTO lines, difference FROM journal_line
    WHERE school_id = current_setting('app.school')::uuid AND entry_id = entry;
    IF lines < 2 OR difference <> 0 THEN
        RAISE EXCEPTION 'entry % has % lines and is off by %', entry, lines, difference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_balanced';
    END IF;
    RETURN NULL;
END $body$;
CREATE CONSTRAINT TRIGGER require_balanced_entry AFTER INSERT OR UPDATE ON journal_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balanced_entry();
CREATE CONSTRAINT TRIGGER require_balanced_entry AFTER DELETE ON journal_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balanced_entry();
"""

# Set-based, at once: the lines of an entry come in one statement, so the statement can be judged whole.
LINES = """
CREATE FUNCTION guard_new_lines() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM FROM (SELECT DISTINCT school_id, entry_id FROM added) a
        JOIN journal_entry e ON e.school_id = a.school_id AND e.id = a.entry_id AND e.status <> 'draft';
    IF FOUND THEN
        RAISE EXCEPTION 'a validated entry takes no more lines'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_immutable';
    END IF;
    PERFORM FROM (SELECT DISTINCT school_id, entry_id FROM added) a
        JOIN journal_line l ON l.school_id = a.school_id AND l.entry_id = a.entry_id
    GROUP BY l.school_id, l.entry_id HAVING sum(l.debit) <> sum(l.credit);
    IF FOUND THEN
        RAISE EXCEPTION 'debit and credit differ'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_balanced';
    END IF;
    RETURN NULL;
END $body$;
CREATE TRIGGER guard_new_lines AFTER INSERT ON journal_line REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION guard_new_lines();

CREATE FUNCTION guard_old_lines() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM FROM journal_entry e
        WHERE e.school_id = OLD.school_id AND e.id = OLD.entry_id AND e.status <> 'draft';
    IF FOUND OR TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'lines are not changed: delete those of a draft, or reverse a validated entry'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entry_immutable';
    END IF;
    RETURN OLD;
END $body$;
CREATE TRIGGER guard_old_lines BEFORE UPDATE OR DELETE ON journal_line
    FOR EACH ROW EXECUTE FUNCTION guard_old_lines();
"""


def upgrade() -> None:
    for statements in (KEYS, ALLOCATIONS, WALLETS, ENTRIES, LINES):
        script(statements)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
