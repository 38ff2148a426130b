"""The statements behind `import invoices`."""

from app.core.money import LARGEST
from app.domains.finance.imports.allocating import PAID
from app.domains.finance.imports.posting_sql import POSTED

TABLES = {
    "staged": """
        line integer NOT NULL, number text, matricule text, matricule_key text, due_on date, amount bigint,
        currency text, kind text, label text, issued_on date""",
    "billed": """
        line integer NOT NULL, number text, student_id uuid, currency text, kind text, label text, issued_on date,
        total numeric, amounts bigint[], dues date[], invoice_id uuid, verdict text""",
    "posted": POSTED,
}

# Instalments are numbered by due date. What the file leaves out is no opinion on an invoice that exists.
BILL = """
WITH file AS (
    SELECT DISTINCT ON (number) line, number, matricule_key, currency, kind, label, issued_on
    FROM staged ORDER BY number, line
), parts AS (
    SELECT number, sum(amount) AS total, array_agg(amount ORDER BY due_on, line) AS amounts,
        array_agg(due_on ORDER BY due_on, line) AS dues
    FROM staged GROUP BY number
), issued AS (
    SELECT v.*, i.amounts, i.dues
    FROM invoice v
    LEFT JOIN (
        SELECT invoice_id, array_agg(amount ORDER BY number) AS amounts, array_agg(due_on ORDER BY number) AS dues
        FROM instalment GROUP BY invoice_id
    ) i ON i.invoice_id = v.id
    WHERE v.number IN (SELECT number FROM file)
)
INSERT INTO billed
SELECT f.line, f.number, s.id, f.currency, coalesce(f.kind, v.kind, 'tuition'), coalesce(f.label, v.label),
    coalesce(f.issued_on, v.issued_on), p.total, p.amounts, p.dues, v.id,
    CASE
        WHEN v.id IS NULL THEN 'new'
        WHEN v.student_id <> s.id OR v.currency <> f.currency OR v.amounts IS DISTINCT FROM p.amounts
            OR v.kind <> f.kind OR v.issued_on <> f.issued_on THEN 'different'
        WHEN v.cancelled_at IS NULL AND (v.label <> f.label OR v.dues <> p.dues) THEN 'changed'
        ELSE 'same' END
FROM file f
JOIN parts p USING (number)
LEFT JOIN student s USING (matricule_key)
LEFT JOIN issued v USING (number)
"""

UNKNOWN_MATRICULE = """
SELECT s.line, s.matricule FROM staged s LEFT JOIN student USING (matricule_key) WHERE student.id IS NULL
"""

LINES_DISAGREE = """
SELECT s.line, s.number, f.line AS first_line
FROM staged s
JOIN (SELECT DISTINCT ON (number) * FROM staged ORDER BY number, line) f USING (number)
WHERE s.line > f.line AND (s.matricule_key, s.currency, s.kind, s.label, s.issued_on)
    IS DISTINCT FROM (f.matricule_key, f.currency, f.kind, f.label, f.issued_on)
"""

TOO_LARGE = f"SELECT line, number FROM billed WHERE total > {LARGEST}"  # noqa: S608  # a constant

DIFFERS = "SELECT line, number FROM billed WHERE verdict = 'different'"

# The oldest due date is what the database's own sum would find: told at once, the invoice is written once.
ISSUE = """
WITH made AS (
    INSERT INTO invoice (school_id, number, student_id, kind, label, currency, total, issued_on, next_due_on)
    SELECT current_setting('app.school')::uuid, number, student_id, kind,
        coalesce(label, CASE kind WHEN 'tuition' THEN 'Frais de scolarité' WHEN 'canteen' THEN 'Cantine'
            ELSE 'Facture ' || number END),
        currency, total::bigint, coalesce(issued_on, $1), dues[1]
    FROM billed WHERE verdict = 'new' ORDER BY line
    RETURNING id, number
)
UPDATE billed SET invoice_id = made.id FROM made WHERE made.number = billed.number
"""

ISSUE_INSTALMENTS = """
INSERT INTO instalment (school_id, invoice_id, student_id, number, due_on, amount, tuition)
SELECT current_setting('app.school')::uuid, b.invoice_id, b.student_id, part.number, part.due_on, part.amount,
    b.kind = 'tuition'
FROM billed b
CROSS JOIN LATERAL unnest(b.amounts, b.dues) WITH ORDINALITY AS part (amount, due_on, number)
WHERE b.verdict = 'new' ORDER BY b.line, part.number
"""

FACTS = """
SELECT jsonb_agg(jsonb_build_object('n', b.line, 'source_type', 'invoice', 'source_id', v.id, 'journal', 'sales',
    'dated', v.issued_on, 'piece_ref', v.number, 'label', v.label, 'currency', v.currency, 'lines', (
        SELECT jsonb_agg(jsonb_build_object('line_no', part.number, 'use', 'receivable', 'debit', part.amount,
            'credit', 0, 'student_id', v.student_id, 'due_date', part.due_on))
        FROM unnest(b.amounts, b.dues) WITH ORDINALITY AS part (amount, due_on, number)
    ) || jsonb_build_object('line_no', cardinality(b.amounts) + 1, 'use', v.kind, 'debit', 0, 'credit', v.total)))
FROM billed b JOIN invoice v ON v.id = b.invoice_id
WHERE b.verdict = 'new' AND b.line >= $1 AND b.line < $2
"""

LAST_LINE = "SELECT max(line) FROM billed"

RELABEL = """
UPDATE invoice SET label = b.label FROM billed b
WHERE b.verdict = 'changed' AND invoice.id = b.invoice_id AND invoice.label <> b.label
"""

MOVE_DUE_DATES = """
UPDATE instalment SET due_on = b.dues[instalment.number] FROM billed b
WHERE b.verdict = 'changed' AND instalment.invoice_id = b.invoice_id
    AND instalment.due_on <> b.dues[instalment.number]
"""

SPENDABLE = """
INSERT INTO spendable
SELECT id FROM payment
WHERE allocated + refunded < amount AND student_id IN (SELECT student_id FROM billed WHERE verdict = 'new')
"""

COUNT = """
SELECT count(*) FILTER (WHERE verdict = 'new'), count(*) FILTER (WHERE verdict = 'changed'), count(*) FROM billed
"""

EVENTS = f"""
SELECT happened.type, happened.invoice_id, jsonb_build_object('number', v.number, 'matricule', s.matricule,
    'kind', v.kind, 'label', v.label, 'total', v.total, 'currency', v.currency, 'issued_on', v.issued_on),
    $1::timestamptz
FROM (
    SELECT 1 AS step, line, CASE verdict WHEN 'new' THEN 'invoice.issued' ELSE 'invoice.updated' END AS type, invoice_id
    FROM billed WHERE verdict IN ('new', 'changed')
    UNION ALL
    SELECT 2, 0, 'invoice.paid', paid.id FROM ({PAID}) paid
) happened
JOIN invoice v ON v.id = happened.invoice_id
JOIN student s ON s.id = v.student_id
ORDER BY happened.step, happened.line, v.number
"""  # noqa: S608  # from constants
