"""Facts that post themselves: one statement, just before the commit, that numbers, writes and validates their entries.

Revision ID: 0013
Revises: 0012
"""

from migrations.walls import across, script, wall

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE waiting_fact (
    school_id uuid NOT NULL,
    source_id uuid NOT NULL,
    source_type text NOT NULL,
    dated date NOT NULL,
    fact jsonb NOT NULL,
    CONSTRAINT pk_waiting_fact PRIMARY KEY (school_id, source_id, source_type),
    CONSTRAINT fk_waiting_fact_school_id FOREIGN KEY (school_id) REFERENCES school (id)
);
"""

# `facts` is an array of {n, source_type, source_id, journal, dated | happened_at, piece_ref, label, currency, lines};
# a line is {line_no, use, debit, credit, student_id, due_date, payment_mode}. The school's map turns the
# two uses into a journal and an account; a student's matricule is the auxiliary account.
# A school without a map posts nothing.
# A fact goes into the first period that is open on its day or after it, under the date of its piece; where none is,
# it waits. A source that has its entry already is passed over. The journals are locked in one order, and first: what
# is read afterwards is what their last holders committed.
POST_FACTS = """
CREATE FUNCTION post_facts(facts jsonb)
RETURNS TABLE (
    entry_id uuid, journal text, number integer, entry_date date, piece_ref text, currency text, total bigint
)
LANGUAGE plpgsql SECURITY INVOKER AS $body$
#variable_conflict use_column
DECLARE
    here uuid := current_setting('app.school')::uuid;
    timezone text;
    made uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM account_map m WHERE m.school_id = here) THEN
        RETURN;
    END IF;
    timezone := (SELECT s.timezone FROM school s WHERE s.id = here);
    PERFORM FROM journal j
    WHERE j.school_id = here AND j.id IN (
        SELECT u.journal_id FROM journal_use u
        WHERE u.school_id = here AND u.use IN (SELECT f ->> 'journal' FROM jsonb_array_elements(facts) f))
    ORDER BY j.id FOR NO KEY UPDATE;
    WITH fact AS MATERIALIZED (
        SELECT f.*, coalesce(f.dated, (coalesce(f.happened_at, now()) AT TIME ZONE timezone)::date) AS piece_date
        FROM jsonb_to_recordset(facts) AS f (n integer, source_type text, source_id uuid, journal text, dated date,
            happened_at timestamptz, piece_ref text, label text, currency text, lines jsonb)
        WHERE NOT EXISTS (
            SELECT FROM journal_entry e
            WHERE e.school_id = here AND e.source_id = f.source_id AND e.source_type = f.source_type)
    ), due AS MATERIALIZED (
        SELECT f.*, u.journal_id, p.id AS period_id, p.fiscal_year_id,
            greatest(f.piece_date, p.starts_on) AS entry_date,
            row_number() OVER (PARTITION BY u.journal_id, p.fiscal_year_id ORDER BY f.n) AS nth
        FROM fact f
        JOIN journal_use u ON u.school_id = here AND u.use = f.journal
        CROSS JOIN LATERAL (
            SELECT o.id, o.fiscal_year_id, o.starts_on FROM fiscal_period o
            WHERE o.school_id = here AND o.closed_at IS NULL AND o.ends_on >= f.piece_date
            ORDER BY o.starts_on LIMIT 1
        ) p
    ), entered AS (
        INSERT INTO journal_entry (school_id, journal_id, fiscal_year_id, period_id, number, entry_date, piece_ref,
            piece_date, label, currency, source_type, source_id)
        SELECT here, d.journal_id, d.fiscal_year_id, d.period_id, d.nth + coalesce((
                SELECT max(e.number) FROM journal_entry e WHERE e.school_id = here
                    AND e.journal_id = d.journal_id AND e.fiscal_year_id = d.fiscal_year_id), 0),
            d.entry_date, d.piece_ref, d.piece_date, d.label, d.currency, d.source_type, d.source_id
        FROM due d ORDER BY d.n
        RETURNING id, source_type, source_id
    ), written AS (
        INSERT INTO journal_line (school_id, entry_id, line_no, account, account_label, aux_account, aux_label, label,
            debit, credit, due_date, payment_mode)
        SELECT here, e.id, l.line_no, a.account, g.label, s.matricule, s.last_name || ' ' || s.first_name, d.label,
            l.debit, l.credit, l.due_date, l.payment_mode
        FROM entered e
        JOIN due d ON d.source_id = e.source_id AND d.source_type = e.source_type
        CROSS JOIN LATERAL jsonb_to_recordset(d.lines) AS l (line_no integer, use text, debit bigint, credit bigint,
            student_id uuid, due_date date, payment_mode text)
        JOIN account_use a ON a.school_id = here AND a.use = l.use
        JOIN ledger_account g ON g.school_id = here AND g.code = a.account
        LEFT JOIN student s ON s.school_id = here AND s.id = l.student_id
    ), waiting AS (
        INSERT INTO waiting_fact (school_id, source_id, source_type, dated, fact)
        SELECT here, f.source_id, f.source_type, f.piece_date, to_jsonb(f) || jsonb_build_object('dated', f.piece_date)
        FROM fact f WHERE NOT EXISTS (
            SELECT FROM due d WHERE d.source_id = f.source_id AND d.source_type = f.source_type)
        ON CONFLICT DO NOTHING
    ), over AS (
        DELETE FROM waiting_fact w USING entered e
        WHERE w.school_id = here AND w.source_id = e.source_id AND w.source_type = e.source_type
    )
    SELECT array_agg(e.id) INTO made FROM entered e;
    UPDATE journal_entry e SET status = 'validated', validated_at = now()
    WHERE e.school_id = here AND e.id = ANY (made);
    RETURN QUERY
    SELECT e.id, j.code, e.number, e.entry_date, e.piece_ref, e.currency, (
        SELECT sum(l.debit)::bigint FROM journal_line l WHERE l.school_id = here AND l.entry_id = e.id)
    FROM journal_entry e JOIN journal j ON j.school_id = here AND j.id = e.journal_id
    WHERE e.school_id = here AND e.id = ANY (made) ORDER BY j.code, e.number;
END $body$;
"""


def upgrade() -> None:
    script(TABLES)
    wall("waiting_fact", app="SELECT, INSERT, DELETE")
    across("waiting_fact", "skooly_worker", "SELECT")
    script(POST_FACTS)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
