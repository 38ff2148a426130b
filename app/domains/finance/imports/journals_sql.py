"""The statements behind `import journals`."""

TABLES = {
    "staged": """
        line integer NOT NULL, journal text, journal_label text, number integer, entry_date date, account text,
        account_label text, aux_account text, aux_label text, piece_ref text, piece_date date, label text,
        debit bigint, credit bigint, due_date date, payment_mode text, lettering text, lettered_at date,
        validated_on date, currency text""",
    "days": "entry_date date NOT NULL, fiscal_year_id uuid, period_id uuid, closed boolean",
    "entries": """
        line integer NOT NULL, journal text, number integer, entry_date date, currency text, piece_ref text,
        piece_date date, label text, validated_on date, final boolean, lines bigint, debit numeric, credit numeric,
        digest text, fiscal_year_id uuid, period_id uuid, closed boolean, entry_id uuid, verdict text""",
}

# Calendar years, as SYSCOHADA has them, where the school has said nothing about that year.
MAKE_YEARS = """
INSERT INTO fiscal_year (school_id, code, starts_on, ends_on)
SELECT current_setting('app.school')::uuid, year::text, make_date(year, 1, 1), make_date(year, 12, 31)
FROM (SELECT DISTINCT extract(year FROM entry_date)::integer AS year FROM staged) years
WHERE NOT EXISTS (
    SELECT FROM fiscal_year y
    WHERE y.code = year::text OR (y.starts_on <= make_date(year, 12, 31) AND y.ends_on >= make_date(year, 1, 1)))
"""

MAKE_PERIODS = """
INSERT INTO fiscal_period (school_id, fiscal_year_id, code, starts_on, ends_on)
SELECT y.school_id, y.id, to_char(month, 'YYYY-MM'), month::date, (month + interval '1 month')::date - 1
FROM fiscal_year y
CROSS JOIN generate_series(y.starts_on::timestamp, y.ends_on::timestamp, interval '1 month') AS month
WHERE extract(day FROM y.starts_on) = 1
    AND NOT EXISTS (SELECT FROM fiscal_period p WHERE p.fiscal_year_id = y.id)
    AND NOT EXISTS (SELECT FROM fiscal_period p WHERE p.code = to_char(month, 'YYYY-MM'))
"""

DATE = """
INSERT INTO days
SELECT d.entry_date, p.fiscal_year_id, p.id, p.closed_at IS NOT NULL
FROM (SELECT DISTINCT entry_date FROM staged) d
LEFT JOIN LATERAL (
    SELECT * FROM fiscal_period WHERE d.entry_date BETWEEN starts_on AND ends_on ORDER BY starts_on DESC LIMIT 1
) p ON true
"""

GATHER = """
WITH firsts AS (
    SELECT DISTINCT ON (s.journal, d.fiscal_year_id, s.number) s.*, d.fiscal_year_id, d.period_id, d.closed
    FROM staged s JOIN days d USING (entry_date)
    ORDER BY s.journal, d.fiscal_year_id, s.number, s.line
), content AS (
    SELECT l.journal, d.fiscal_year_id, l.number, count(*) AS lines, sum(l.debit) AS debit, sum(l.credit) AS credit,
        md5(jsonb_agg(jsonb_build_array(l.account, l.account_label, l.aux_account, l.aux_label, l.label, l.debit,
            l.credit, l.due_date, l.payment_mode, l.lettering, l.lettered_at) ORDER BY l.line)::text) AS digest
    FROM staged l JOIN days d USING (entry_date)
    GROUP BY l.journal, d.fiscal_year_id, l.number
)
INSERT INTO entries
SELECT f.line, f.journal, f.number, f.entry_date, f.currency, f.piece_ref, f.piece_date, f.label, f.validated_on,
    $1 OR f.validated_on IS NOT NULL, c.lines, c.debit, c.credit, c.digest, f.fiscal_year_id, f.period_id,
    f.closed, e.id, 'new'
FROM firsts f
JOIN content c ON c.journal = f.journal AND c.number = f.number
    AND c.fiscal_year_id IS NOT DISTINCT FROM f.fiscal_year_id
LEFT JOIN journal j ON j.code = f.journal
LEFT JOIN journal_entry e ON e.school_id = j.school_id AND e.journal_id = j.id
    AND e.fiscal_year_id = f.fiscal_year_id AND e.number = f.number
"""

# The digest of what is posted is made of the same words, in the same order, as that of the file.
JUDGE = """
UPDATE entries SET verdict = CASE
    WHEN (posted.digest, e.entry_date, e.currency, e.piece_ref, e.piece_date, e.label) IS DISTINCT FROM
        (entries.digest, entries.entry_date, entries.currency, entries.piece_ref, entries.piece_date, entries.label)
    THEN CASE e.status WHEN 'validated' THEN 'different' ELSE 'changed' END
    WHEN e.status = 'draft' AND entries.final THEN 'confirmed'
    ELSE 'same' END
FROM journal_entry e
CROSS JOIN LATERAL (
    SELECT md5(jsonb_agg(jsonb_build_array(l.account, l.account_label, l.aux_account, l.aux_label, l.label, l.debit,
        l.credit, l.due_date, l.payment_mode, l.lettering, l.lettered_at) ORDER BY l.line_no)::text) AS digest
    FROM journal_line l WHERE l.school_id = e.school_id AND l.entry_id = e.id
) posted
WHERE e.id = entries.entry_id
"""

LINES_DISAGREE = """
SELECT s.line, s.journal, s.number, e.line AS first_line
FROM staged s
JOIN entries e ON e.journal = s.journal AND e.number = s.number
JOIN days d ON d.fiscal_year_id = e.fiscal_year_id AND d.entry_date = s.entry_date
WHERE s.line > e.line AND (s.entry_date, s.currency, s.validated_on)
    IS DISTINCT FROM (e.entry_date, e.currency, e.validated_on)
"""

NO_FISCAL_PERIOD = "SELECT line, entry_date FROM entries WHERE period_id IS NULL"

TOO_SHORT = "SELECT line, journal, number FROM entries WHERE lines < 2 AND fiscal_year_id IS NOT NULL"

UNBALANCED = """
SELECT line, journal, number, piece_ref AS piece, debit, credit, currency
FROM entries WHERE debit <> credit AND lines > 1 AND fiscal_year_id IS NOT NULL
"""

VALIDATED = "SELECT line, journal, number FROM entries WHERE verdict = 'different'"

PERIOD_CLOSED = "SELECT line FROM entries WHERE closed AND verdict IN ('new', 'changed', 'confirmed')"

MAKE_JOURNALS = """
INSERT INTO journal (school_id, code, label)
SELECT DISTINCT ON (journal) current_setting('app.school')::uuid, journal, journal_label
FROM staged WHERE journal NOT IN (SELECT code FROM journal) ORDER BY journal, line
"""

DROP_OLD_LINES = """
DELETE FROM journal_line USING entries e WHERE e.verdict = 'changed' AND journal_line.entry_id = e.entry_id
"""

UPDATE_DRAFTS = """
UPDATE journal_entry SET period_id = e.period_id, entry_date = e.entry_date, piece_ref = e.piece_ref,
    piece_date = e.piece_date, label = e.label, currency = e.currency
FROM entries e WHERE e.verdict = 'changed' AND journal_entry.id = e.entry_id
"""

INSERT_ENTRIES = """
WITH made AS (
    INSERT INTO journal_entry (school_id, journal_id, fiscal_year_id, period_id, number, entry_date, piece_ref,
        piece_date, label, currency)
    SELECT j.school_id, j.id, e.fiscal_year_id, e.period_id, e.number, e.entry_date, e.piece_ref, e.piece_date,
        e.label, e.currency
    FROM entries e JOIN journal j ON j.code = e.journal
    WHERE e.verdict = 'new' ORDER BY e.line
    RETURNING id, journal_id, fiscal_year_id, number
)
UPDATE entries SET entry_id = made.id
FROM made JOIN journal j ON j.id = made.journal_id
WHERE entries.journal = j.code AND entries.fiscal_year_id = made.fiscal_year_id AND entries.number = made.number
"""

INSERT_LINES = """
INSERT INTO journal_line (school_id, entry_id, line_no, account, account_label, aux_account, aux_label, label, debit,
    credit, due_date, payment_mode, lettering, lettered_at)
SELECT current_setting('app.school')::uuid, e.entry_id, row_number() OVER (PARTITION BY e.entry_id ORDER BY s.line),
    s.account, s.account_label, s.aux_account, s.aux_label, s.label, s.debit, s.credit, s.due_date, s.payment_mode,
    s.lettering, s.lettered_at
FROM entries e
JOIN staged s ON s.journal = e.journal AND s.number = e.number
JOIN days d ON d.entry_date = s.entry_date AND d.fiscal_year_id = e.fiscal_year_id
WHERE e.verdict IN ('new', 'changed')
"""

VALIDATE = """
UPDATE journal_entry SET status = 'validated',
    validated_at = coalesce(e.validated_on::timestamp AT TIME ZONE $2::text, $1)
FROM entries e
WHERE e.final AND e.verdict IN ('new', 'changed', 'confirmed') AND journal_entry.id = e.entry_id
"""

COUNT = """
SELECT count(*) FILTER (WHERE verdict = 'new'), count(*) FILTER (WHERE verdict IN ('changed', 'confirmed')), count(*)
FROM entries
"""

EVENTS = """
SELECT 'journal_entry.validated', entry_id, jsonb_build_object('journal', journal, 'number', number,
    'entry_date', entry_date, 'piece_ref', piece_ref, 'currency', currency, 'total', debit), $1::timestamptz
FROM entries WHERE final AND verdict IN ('new', 'changed', 'confirmed') ORDER BY line
"""
