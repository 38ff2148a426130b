"""Payments laid end to end over debts settle what a patient clerk would settle, one payment after the other."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.database import Database
from app.domains.finance.imports import Invoices, Payments
from app.domains.students.imports import Students
from tests.support.clock import FixedClock
from tests.support.importing import make_bench

Debt = tuple[str, int, int]
"""Invoice, amount, day on which it is due."""
Money = tuple[str | None, int]
"""The invoice it names, and the amount."""

debts = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 30), st.integers(1, 28)), min_size=1, max_size=8)
monies = st.lists(st.tuples(st.none() | st.sampled_from("ABC"), st.integers(1, 60)), min_size=1, max_size=8)


def clerk(owed: list[Debt], money: list[Money]) -> tuple[list[int], list[int]]:
    """What is paid of each debt, oldest first, and what of each payment is used: named invoices come first."""
    owed = sorted(owed, key=lambda debt: (debt[2], debt[0]))
    paid, used = [0] * len(owed), [0] * len(money)
    for naming in (True, False):
        for at, (invoice, amount) in enumerate(money):
            for to, (of, due, _) in enumerate(owed):
                if (invoice is not None) == naming and invoice in (None, of):
                    share = min(amount - used[at], due - paid[to])
                    used[at] += share
                    paid[to] += share
    return paid, used


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(debts, monies)
async def test_as_a_clerk_would(
    database: Database, clock: FixedClock, tmp_path: Path, owed: list[Debt], money: list[Money]
) -> None:
    # One instalment per invoice and day: two of one day would be settled in an order that means nothing.
    owed = list({(invoice, due_day): (invoice, amount, due_day) for invoice, amount, due_day in owed}.values())
    issued = {invoice for invoice, _, _ in owed}
    money = [(invoice if invoice in issued else None, amount) for invoice, amount in money]
    bench = await make_bench(database, clock, tmp_path)
    await bench.done(Students(), "Matricule;Nom;Prénom\n1;A;B\n")
    lines = "".join(f"{invoice};1;{day:02}/10/2024;{amount}\n" for invoice, amount, day in owed)
    await bench.done(Invoices(), "Facture;Matricule;Échéance;Montant\n" + lines)
    lines = "".join(f"cash;{n};1;{amount};01/10/2024 0{n}:00;{of or ''}\n" for n, (of, amount) in enumerate(money))
    await bench.done(Payments(), "Mode;Référence;Matricule;Montant;Date;Facture\n" + lines)

    paid = await bench.rows(
        "SELECT i.paid FROM instalment i JOIN invoice v ON v.id = i.invoice_id ORDER BY i.due_on, v.number"
    )
    used = await bench.rows("SELECT allocated FROM payment ORDER BY reference")
    assert ([row[0] for row in paid], [row[0] for row in used]) == clerk(owed, money)
