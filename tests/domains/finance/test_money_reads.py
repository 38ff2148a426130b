"""Reading money: pages, filters and orders, and what a student owes, has paid and holds, a statement a level."""

from typing import Any

import pytest

from app.core.database import Wall
from tests.domains.finance.desk import Desk
from tests.support.clock import A_MONDAY_MORNING
from tests.support.factories.finance import make_invoice, make_payment, make_top_up
from tests.support.factories.partners import make_actor
from tests.support.factories.students import make_student
from tests.support.statements import counted

INVOICES = """query ($first: Int! = 20, $after: String, $by: InvoiceOrder! = issued, $order: Chronology! = oldest,
        $filter: InvoiceFilterInput) {
    invoices(first: $first, after: $after, by: $by, order: $order, filter: $filter) {
        nodes { number } pageInfo { hasNextPage endCursor } } }"""
PAYMENTS = """query ($first: Int! = 20, $after: String, $order: Chronology! = oldest, $filter: PaymentFilterInput) {
    payments(first: $first, after: $after, order: $order, filter: $filter) {
        nodes { reference } pageInfo { hasNextPage endCursor } } }"""
LEDGER = """query ($matricule: String!, $first: Int!, $after: String, $order: Chronology! = newest) {
    wallet(matricule: $matricule) { balance entries(first: $first, after: $after, order: $order) {
        nodes { kind amount balance } pageInfo { hasNextPage endCursor } } } }"""
STUDENTS = """{ students(first: 10) { nodes { matricule
    invoices(first: 4) { nodes {
        number creditNotes { amount } settlements { amount reference } student { matricule } } }
    payments(first: 2) { nodes { reference refunds { amount } } }
    wallet { balance entries(first: 2) { nodes { amount } } } } } }"""


async def numbers(desk: Desk, **asked: Any) -> list[str]:
    found = (await desk.asker.data(desk.actor, INVOICES, **asked))["invoices"]["nodes"]
    return [each["number"] for each in found]


async def walk(desk: Desk, query: str, root: str, name: str, **asked: Any) -> list[str]:
    """Every item, two at a time."""
    found: list[str] = []
    after = None
    while True:
        page = (await desk.asker.data(desk.actor, query, first=2, after=after, **asked))[root]
        found += [each[name] for each in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.fixture
async def settled(desk: Desk) -> Desk:
    """F-1 is paid, F-2 open, F-EUR late, F-3 of the canteen cancelled; somebody else owes F-9."""
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        other = await make_student(session, desk.actor.school_id)
        await make_invoice(session, other.matricule, (A_MONDAY_MORNING.date(), 10), number="F-9")
        await make_invoice(session, desk.matricule, (A_MONDAY_MORNING.date(), 10), number="F-3", kind="canteen")
        await make_top_up(session, desk.actor, desk.matricule, 500)
    await desk.do("cancelInvoice", number="F-3", reason="Erreur")
    await desk.pay(100, invoice="F-1")
    return desk


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"status": "paid"}, {"F-1"}),
        ({"status": "open"}, {"F-2", "F-9"}),
        ({"status": "late"}, {"F-EUR"}),
        ({"status": "cancelled"}, {"F-3"}),
        ({"kind": "canteen"}, {"F-3"}),
        ({"currency": "EUR"}, {"F-EUR"}),
        ({"issuedSince": "2024-10-02"}, set()),
        ({"issuedSince": "2024-10-01", "status": "paid"}, {"F-1"}),
        ({"matricule": "NOBODY"}, set()),
    ],
)
async def test_filters_of_invoices(settled: Desk, filter: dict[str, Any], found: set[str]) -> None:
    assert set(await numbers(settled, filter=filter)) == found


async def test_invoices_of_one_student(settled: Desk) -> None:
    found = await numbers(settled, filter={"matricule": settled.matricule.lower()})
    assert set(found) == {"F-1", "F-2", "F-3", "F-EUR"}


async def test_what_changed_since(settled: Desk) -> None:
    last = await settled.fetch("SELECT max(updated_at) FROM invoice")
    await settled.do("creditInvoice", invoiceNumber="F-2", amount="1", reason="Bourse", currency="XOF")
    changed = await numbers(settled, by="updated", filter={"updatedSince": last.isoformat()})
    assert changed[-1] == "F-2"
    assert "F-9" not in changed
    refusal = await settled.asker.refusal(settled.actor, INVOICES, filter={"updatedSince": "2025-01-13T00:00:00"})
    assert refusal == ("INVALID_INPUT", "filter.updatedSince")


@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize("by", ["issued", "updated", "due"])
async def test_pages_of_invoices_hold_each_once(settled: Desk, by: str, order: str) -> None:
    found = await walk(settled, INVOICES, "invoices", "number", by=by, order=order)
    assert found == await numbers(settled, by=by, order=order)
    owed = {"F-2", "F-EUR", "F-9"}
    assert sorted(found) == sorted(owed if by == "due" else owed | {"F-1", "F-3"})


async def test_the_oldest_due_date_comes_first(settled: Desk) -> None:
    assert await numbers(settled, by="due") == ["F-EUR", "F-9", "F-2"]


async def test_a_cursor_is_good_for_its_list_alone(settled: Desk) -> None:
    page = (await settled.asker.data(settled.actor, INVOICES, first=1))["invoices"]["pageInfo"]
    for others in ({"by": "updated"}, {"order": "newest"}, {"filter": {"status": "paid"}}):
        refusal = await settled.asker.refusal(settled.actor, INVOICES, first=1, after=page["endCursor"], **others)
        assert refusal == ("BAD_CURSOR", "after")


async def test_payments(settled: Desk) -> None:
    async with settled.database.transaction(Wall.app(settled.actor.school_id)) as session:
        for nth in range(2, 5):
            await make_payment(session, settled.actor, settled.matricule, 1000, reference=f"P-{nth}")
    assert set(await walk(settled, PAYMENTS, "payments", "reference")) == {"P-1", "P-2", "P-3", "P-4"}
    free = await walk(settled, PAYMENTS, "payments", "reference", filter={"unallocated": True, "provider": "wave"})
    assert set(free) == {"P-2", "P-3", "P-4"}
    assert await walk(settled, PAYMENTS, "payments", "reference", filter={"unallocated": False}) == ["P-1"]
    assert await walk(settled, PAYMENTS, "payments", "reference", filter={"provider": "cash"}) == []


async def test_a_ledger_tells_the_balance_after_each_line(settled: Desk) -> None:
    line = {"matricule": settled.matricule, "currency": "XOF", "reason": "Erreur"}
    await settled.do("debitWallet", amount="200", reference="A", **line)
    await settled.do("correctWallet", amount="50", reference="B", **line)
    asked = {"matricule": settled.matricule, "first": 2}
    wallet = (await settled.asker.data(settled.actor, LEDGER, **asked))["wallet"]
    assert [tuple(each.values()) for each in wallet["entries"]["nodes"]] == [
        ("correction", "50", "350"),
        ("debit", "-200", "300"),
    ]
    after = wallet["entries"]["pageInfo"]["endCursor"]
    rest = (await settled.asker.data(settled.actor, LEDGER, after=after, **asked))["wallet"]["entries"]
    assert [tuple(each.values()) for each in rest["nodes"]] == [("top_up", "500", "500")]
    assert rest["pageInfo"]["hasNextPage"] is False
    oldest = (await settled.asker.data(settled.actor, LEDGER, order="oldest", **asked))["wallet"]["entries"]
    assert [each["balance"] for each in oldest["nodes"]] == ["500", "300"]


async def test_a_students_money(settled: Desk) -> None:
    await settled.do("creditInvoice", invoiceNumber="F-2", amount="1", reason="Bourse", currency="XOF")
    nodes = (await settled.asker.data(settled.actor, STUDENTS))["students"]["nodes"]
    mine = next(each for each in nodes if each["matricule"] == settled.matricule)
    by_number = {each["number"]: each for each in mine["invoices"]["nodes"]}
    assert set(by_number) == {"F-1", "F-2", "F-3", "F-EUR"}
    assert by_number["F-2"]["creditNotes"] == [{"amount": "1"}]
    assert [each["amount"] for each in by_number["F-1"]["settlements"]] == ["60", "40"]
    assert by_number["F-1"]["student"] == {"matricule": settled.matricule}
    assert mine["payments"]["nodes"] == [{"reference": "P-1", "refunds": []}]
    assert mine["wallet"] == {"balance": "500", "entries": {"nodes": [{"amount": "500"}]}}
    other = next(each for each in nodes if each["matricule"] != settled.matricule)
    assert other["wallet"] is None


async def test_a_level_takes_its_statements_whatever_its_length(settled: Desk) -> None:
    async def asked() -> int:
        with counted(settled.database) as statements:
            await settled.asker.data(settled.actor, STUDENTS)
        return len([each for each in statements if each.lstrip().startswith("SELECT")])

    before = await asked()
    async with settled.database.transaction(Wall.app(settled.actor.school_id)) as session:
        for nth in range(5):
            student = await make_student(session, settled.actor.school_id)
            await make_invoice(session, student.matricule, (A_MONDAY_MORNING.date(), 10), number=f"N-{nth}")
            await make_payment(session, settled.actor, student.matricule, 10)
            await make_top_up(session, settled.actor, student.matricule, 10)
    assert await asked() == before


async def test_who_was_shown_is_audited(settled: Desk) -> None:
    student = await settled.fetch("SELECT id FROM student WHERE matricule = $1", settled.matricule)
    before = await settled.fetch("SELECT count(*) FROM audit_entry WHERE $1 = ANY (subjects)", student)
    await settled.invoice("F-1")
    await settled.asker.data(settled.actor, LEDGER, matricule=settled.matricule, first=1)
    await settled.asker.data(settled.actor, PAYMENTS)
    after = await settled.fetch("SELECT count(*) FROM audit_entry WHERE $1 = ANY (subjects)", student)
    assert after == before + 3


async def test_another_schools_money_is_not_there(settled: Desk) -> None:
    stranger = await make_actor(settled.database)
    assert (await settled.asker.data(stranger, INVOICES))["invoices"]["nodes"] == []
    assert (await settled.asker.data(stranger, PAYMENTS))["payments"]["nodes"] == []
    assert (await settled.asker.data(stranger, LEDGER, matricule=settled.matricule, first=1))["wallet"] is None
