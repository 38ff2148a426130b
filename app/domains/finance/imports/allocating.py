"""Who pays what, for many payments at once.

Money and debts are laid end to end, each in its order, and what overlaps is an allocation: a payment covers several
instalments or half of one without any loop. `planned` collects the allocations; `spendable` names the payments that
no invoice has been named for.
"""

from app.core.database import RawConnection

TABLES = {
    "spendable": "payment_id uuid NOT NULL",
    "planned": "payment_id uuid NOT NULL, instalment_id uuid NOT NULL, amount bigint NOT NULL",
}

# Explicit portions of payments, against the instalments of the invoice that each one names.
TO_NAMED_INVOICES = """
WITH money AS (
    SELECT payment_id, invoice_id, amount, sum(amount) OVER (
        PARTITION BY invoice_id ORDER BY received_at, line) - amount AS starts
    FROM portions WHERE payment_id IS NOT NULL
), debts AS (
    SELECT i.id, i.invoice_id, i.owed AS amount, sum(i.owed) OVER (
        PARTITION BY i.invoice_id ORDER BY i.due_on, i.number) - i.owed AS starts
    FROM instalment i
    WHERE i.invoice_id IN (SELECT invoice_id FROM portions) AND i.owed > 0
)
INSERT INTO planned
SELECT money.payment_id, debts.id,
    least(money.starts + money.amount, debts.starts + debts.amount) - greatest(money.starts, debts.starts)
FROM money JOIN debts USING (invoice_id)
WHERE least(money.starts + money.amount, debts.starts + debts.amount) > greatest(money.starts, debts.starts)
"""

# Payments that are free to be spent, against what their students owe: oldest due first.
OLDEST_DUE_FIRST = """
WITH money AS (
    SELECT id, student_id, currency, amount, sum(amount) OVER (
        PARTITION BY student_id, currency ORDER BY received_at, reference, id) - amount AS starts
    FROM (
        SELECT id, student_id, currency, received_at, reference, amount - allocated - refunded AS amount
        FROM payment WHERE id IN (SELECT payment_id FROM spendable)
    ) free
), debts AS (
    SELECT id, student_id, currency, amount, sum(amount) OVER (
        PARTITION BY student_id, currency ORDER BY due_on, invoice, number) - amount AS starts
    FROM (
        SELECT i.id, i.student_id, v.currency, i.due_on, v.number AS invoice, i.number,
            i.owed - coalesce(used.amount, 0) AS amount
        FROM instalment i
        JOIN invoice v ON v.school_id = i.school_id AND v.id = i.invoice_id
        LEFT JOIN (SELECT instalment_id, sum(amount) AS amount FROM planned GROUP BY instalment_id) used
            ON used.instalment_id = i.id
        WHERE i.student_id IN (SELECT student_id FROM money)
            AND i.owed > 0 AND v.cancelled_at IS NULL
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
            AND i.owed > 0)
"""


async def allocate(connection: RawConnection, *, named: bool = False) -> None:
    """Settles what is owed: with `named`, the invoices of `portions` first; then by `spendable`, oldest due first."""
    await connection.execute("ANALYZE pg_temp.spendable")
    if named:
        await connection.execute(TO_NAMED_INVOICES)
        await connection.execute("ANALYZE pg_temp.planned")
    await connection.execute(OLDEST_DUE_FIRST)
    await connection.execute("ANALYZE pg_temp.planned")
    await connection.execute(ALLOCATE)
