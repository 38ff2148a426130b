"""The statements behind `import payments`."""

from app.core.money import LARGEST
from app.domains.finance.imports.allocating import PAID
from app.domains.finance.imports.posting_sql import POSTED

TABLES = {
    "staged": """
        line integer NOT NULL, provider text, reference text, matricule text, matricule_key text, amount bigint,
        received_at timestamptz, currency text, invoice text""",
    "lines": """
        line integer NOT NULL, provider text, reference text, matricule text, matricule_key text, amount bigint,
        received_at timestamptz, currency text, invoice text, invoice_id uuid""",
    "received": """
        line integer NOT NULL, provider text, reference text, student_id uuid, amount numeric, currency text,
        received_at timestamptz, known boolean, differs boolean, payment_id uuid""",
    "portions": """
        line integer NOT NULL, payment_id uuid, invoice_id uuid NOT NULL, amount bigint, received_at timestamptz""",
    "posted": POSTED,
}

COUNT_ONCE = """
INSERT INTO lines
SELECT DISTINCT ON (s.provider, s.reference, s.matricule_key, s.invoice, s.amount, s.currency, s.received_at)
    s.*, v.id
FROM staged s LEFT JOIN invoice v ON v.number = s.invoice
ORDER BY s.provider, s.reference, s.matricule_key, s.invoice, s.amount, s.currency, s.received_at, s.line
"""

RECEIVE = """
WITH file AS (
    SELECT DISTINCT ON (provider, reference) line, provider, reference, matricule_key, currency, received_at
    FROM lines ORDER BY provider, reference, line
), sums AS (
    SELECT provider, reference, sum(amount) AS amount FROM lines GROUP BY provider, reference
)
INSERT INTO received
SELECT f.line, f.provider, f.reference, s.id, sums.amount, f.currency, f.received_at, p.id IS NOT NULL,
    p.student_id <> s.id OR p.amount <> sums.amount OR p.currency <> f.currency
FROM file f
JOIN sums USING (provider, reference)
LEFT JOIN student s USING (matricule_key)
LEFT JOIN payment p USING (provider, reference)
"""

UNKNOWN_MATRICULE = """
SELECT s.line, s.matricule FROM staged s LEFT JOIN student USING (matricule_key) WHERE student.id IS NULL
"""

UNKNOWN_INVOICE = "SELECT line, invoice FROM lines WHERE invoice IS NOT NULL AND invoice_id IS NULL"

INVOICE_OF_ANOTHER = """
SELECT l.line, l.invoice, owner.matricule AS owner, l.matricule
FROM lines l
JOIN student s USING (matricule_key)
JOIN invoice v ON v.id = l.invoice_id AND v.student_id <> s.id
JOIN student owner ON owner.id = v.student_id
"""

INVOICE_IN_OTHER_CURRENCY = """
SELECT l.line, l.invoice, v.currency AS expected, l.currency
FROM lines l JOIN invoice v ON v.id = l.invoice_id WHERE v.currency <> l.currency
"""

# Only of payments that are new: a file that was imported before its invoice was cancelled stays importable.
INVOICE_IS_CANCELLED = """
SELECT l.line, l.invoice
FROM lines l JOIN invoice v ON v.id = l.invoice_id JOIN received r USING (provider, reference)
WHERE v.cancelled_at IS NOT NULL AND NOT r.known
"""

LINES_DISAGREE = """
SELECT l.line, l.reference, r.line AS first_line
FROM lines l
JOIN received r USING (provider, reference)
JOIN lines f ON f.line = r.line
WHERE l.line > r.line
    AND (l.matricule_key, l.currency, l.received_at) IS DISTINCT FROM (f.matricule_key, f.currency, f.received_at)
"""

PAYMENT_TWICE = """
SELECT line, reference, first_line FROM (
    SELECT line, reference, invoice, min(line) OVER payment AS first_line,
        count(*) OVER payment AS lines, bool_or(invoice IS NULL) OVER payment AS unnamed,
        row_number() OVER (PARTITION BY provider, reference, invoice ORDER BY line) AS turn
    FROM lines WINDOW payment AS (PARTITION BY provider, reference)
) l WHERE lines > 1 AND line > first_line AND (unnamed OR turn > 1)
"""

TOO_LARGE = f"SELECT line, reference AS number FROM received WHERE amount > {LARGEST}"  # noqa: S608  # a constant

DIFFERS = "SELECT line, reference FROM received WHERE differs"

RECORD = """
WITH made AS (
    INSERT INTO payment (school_id, student_id, provider, reference, amount, currency, received_at)
    SELECT current_setting('app.school')::uuid, student_id, provider, reference, amount::bigint, currency, received_at
    FROM received WHERE NOT known ORDER BY line
    RETURNING id, provider, reference
)
UPDATE received SET payment_id = made.id FROM made
WHERE made.provider = received.provider AND made.reference = received.reference
"""

FACTS = """
SELECT jsonb_agg(jsonb_build_object('n', r.line, 'source_type', 'payment', 'source_id', r.payment_id,
    'journal', treasury.use, 'happened_at', r.received_at, 'piece_ref', r.reference,
    'label', 'Règlement ' || r.reference, 'currency', r.currency, 'lines', jsonb_build_array(
        jsonb_build_object('line_no', 1, 'use', treasury.use, 'debit', r.amount::bigint, 'credit', 0,
            'payment_mode', r.provider),
        jsonb_build_object('line_no', 2, 'use', 'receivable', 'debit', 0, 'credit', r.amount::bigint,
            'student_id', r.student_id))))
FROM received r
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.provider IN ('bank', 'cash') THEN r.provider ELSE 'mobile_money' END AS use) treasury
WHERE r.payment_id IS NOT NULL AND r.line >= $1 AND r.line < $2
"""

LAST_LINE = "SELECT max(line) FROM received"

PORTIONS = """
INSERT INTO portions
SELECT l.line, r.payment_id, l.invoice_id, l.amount, r.received_at
FROM lines l JOIN received r USING (provider, reference)
WHERE r.payment_id IS NOT NULL AND l.invoice_id IS NOT NULL
"""

# What a named invoice has no use for stays free, as when a payment is recorded by itself.
SPENDABLE = """
INSERT INTO spendable
SELECT payment_id FROM received
WHERE payment_id IS NOT NULL AND payment_id NOT IN (SELECT payment_id FROM portions)
"""

COUNT = "SELECT count(payment_id), count(*) FROM received"

EVENTS = f"""
SELECT type, subject, facts, $1::timestamptz FROM (
    SELECT 1 AS step, r.line, '' AS number, 'payment.recorded' AS type, r.payment_id AS subject,
        jsonb_build_object('matricule', s.matricule, 'provider', r.provider, 'reference', r.reference,
            'amount', r.amount, 'currency', r.currency, 'received_at',
            to_char(r.received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')) AS facts
    FROM received r JOIN student s ON s.id = r.student_id
    WHERE r.payment_id IS NOT NULL
    UNION ALL
    SELECT 2, 0, v.number, 'invoice.paid', v.id, jsonb_build_object('number', v.number, 'matricule', s.matricule,
        'kind', v.kind, 'label', v.label, 'total', v.total, 'currency', v.currency, 'issued_on', v.issued_on)
    FROM invoice v JOIN student s ON s.id = v.student_id
    WHERE v.id IN ({PAID})
) happened ORDER BY step, line, number
"""  # noqa: S608  # from constants
