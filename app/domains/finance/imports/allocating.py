"""Who pays what, for many payments at once.

Money and debts are laid end to end, each in its order, and what overlaps is an allocation: a payment covers several
instalments or half of one without any loop. `planned` collects the allocations; `concerned` names the students.
"""

from app.core.database import RawConnection

TABLES = {
    "concerned": "student_id uuid NOT NULL",
    "planned": "payment_id uuid NOT NULL, instalment_id uuid NOT NULL, amount bigint NOT NULL",
}

# Explicit portions of payments, against the instalments of the invoice that each one names.
TO_NAMED_INVOICES = """
WITH money AS (
    SELECT payment_id, invoice_id, amount, sum(amount) OVER (
        PARTITION BY invoice_id ORDER BY received_at, line) - amount AS starts
    FROM portions WHERE payment_id IS NOT NULL
), debts AS (
    SELECT i.id, i.invoice_id, i.amount - i.paid AS amount, sum(i.amount - i.paid) OVER (
        PARTITION BY i.invoice_id ORDER BY i.due_on, i.number) - (i.amount - i.paid) AS starts
    FROM instalment i
    WHERE i.invoice_id IN (SELECT invoice_id FROM portions) AND i.paid < i.amount AND NOT i.cancelled
)
INSERT INTO planned
SELECT money.payment_id, debts.id,
    least(money.starts + money.amount, debts.starts + debts.amount) - greatest(money.starts, debts.starts)
FROM money JOIN debts USING (invoice_id)
WHERE least(money.starts + money.amount, debts.starts + debts.amount) > greatest(money.starts, debts.starts)
"""

# What is left of the payments of the students concerned, against what they owe: oldest due first.
OLDEST_DUE_FIRST = """
WITH money AS (
    SELECT id, student_id, currency, amount, sum(amount) OVER (
        PARTITION BY student_id, currency ORDER BY received_at, reference, id) - amount AS starts
    FROM (
        SELECT p.id, p.student_id, p.currency, p.received_at, p.reference, p.amount - p.allocated - coalesce(
            (SELECT sum(planned.amount) FROM planned WHERE planned.payment_id = p.id), 0) AS amount
        FROM payment p
        WHERE p.student_id IN (SELECT student_id FROM concerned) AND p.allocated < p.amount
    ) free WHERE amount > 0
), debts AS (
    SELECT id, student_id, currency, amount, sum(amount) OVER (
        PARTITION BY student_id, currency ORDER BY due_on, invoice, number) - amount AS starts
    FROM (
        SELECT i.id, i.student_id, v.currency, i.due_on, v.number AS invoice, i.number, i.amount - i.paid - coalesce(
            (SELECT sum(planned.amount) FROM planned WHERE planned.instalment_id = i.id), 0) AS amount
        FROM instalment i JOIN invoice v ON v.school_id = i.school_id AND v.id = i.invoice_id
        WHERE i.student_id IN (SELECT student_id FROM concerned)
            AND i.paid < i.amount AND NOT i.cancelled AND v.cancelled_at IS NULL
    ) owed WHERE amount > 0
)
INSERT INTO planned
SELECT money.id, debts.id,
    least(money.starts + money.amount, debts.starts + debts.amount) - greatest(money.starts, debts.starts)
FROM money JOIN debts USING (student_id, currency)
WHERE least(money.starts + money.amount, debts.starts + debts.amount) > greatest(money.starts, debts.starts)
"""

ALLOCATE = """
INSERT INTO allocation (school_id, payment_id, instalment_id, amount)
SELECT current_setting('app.school')::uuid, payment_id, instalment_id, sum(amount)::bigint
FROM planned GROUP BY payment_id, instalment_id
"""

# Invoices on which this import left nothing to pay.
PAID = """
SELECT v.id FROM invoice v
WHERE v.id IN (SELECT i.invoice_id FROM planned JOIN instalment i ON i.id = planned.instalment_id)
    AND NOT EXISTS (
        SELECT FROM instalment i WHERE i.school_id = v.school_id AND i.invoice_id = v.id
            AND i.paid < i.amount AND NOT i.cancelled)
"""


async def allocate(connection: RawConnection, *, named: bool = False) -> None:
    """Settles what the students in `concerned` owe with what they paid; with `named`, the `portions` first."""
    if named:
        await connection.execute(TO_NAMED_INVOICES)
        await connection.execute("ANALYZE pg_temp.planned")
    await connection.execute(OLDEST_DUE_FIRST)
    await connection.execute(ALLOCATE)
