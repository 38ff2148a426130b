"""Objects fetched again by their `nodeId`: the same object, to the same keys, and nothing to any other."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.cost import Cost
from app.api.errors import InsufficientScope
from app.api.introspection import VisibleSchemas
from app.api.operations import Preparer
from app.api.slices import NODES, SLICES, skooly_schema
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.graph.node import node_id_of, node_roots, read_node_id
from app.core.ids import new_id
from app.core.scopes import Scope
from app.domains.partners.service import ensure_partner
from tests.support.clock import FixedClock
from tests.support.factories.access import make_visit
from tests.support.factories.finance import make_books, make_entry
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_student
from tests.support.operations import Asker
from tests.support.statements import counted

NODE = "query ($id: ID!) { node(nodeId: $id) { nodeId __typename } }"
NOWHERE = frozenset({"BIBLIOTHEQUE"})
RECORDED = "2025-01-13T09:00:00+00:00"
READS = {
    "Student": "query ($key: String!) { found: student(matricule: $key) { nodeId matricule lastName } }",
    "LedgerEntry": "query { journalEntries(first: 1) { nodes { nodeId label } } }",
    "JournalEntry": 'query { journals(date: "2024-12-31") { entries { nodeId label lines { debit } } } }',
}
STUDIES = """query ($key: String!, $year: String!) { schoolYear(code: $year) { nodeId startsOn running }
    student(matricule: $key) { badges { nodeId badge matricule } programme { nodeId code label }
        class { nodeId code students { nodes { matricule } } } } }"""
WRITES = {
    "Absence": "mutation ($input: RecordAbsenceInput!) { recordAbsence(input: $input) {"
    " ... on Absence { nodeId id matricule reason } } }",
    "Payment": "mutation ($input: RecordPaymentInput!) { recordPayment(input: $input) {"
    " ... on Payment { nodeId id matricule amount allocations { amount } } } }",
    "Passage": "mutation ($input: RecordPassageInput!) { recordPassage(input: $input) {"
    " ... on Passage { nodeId id zone decision } } }",
}

MONEY = """mutation ($issue: IssueInvoiceInput!, $credit: CreditInvoiceInput!, $top: TopUpWalletInput!) {
    issueInvoice(input: $issue) { ... on Invoice { nodeId number total } }
    creditInvoice(input: $credit) { ... on CreditedInvoice { creditNote { nodeId number amount } } }
    topUpWallet(input: $top) { __typename } }"""
FEES = """mutation ($input: CreateFeeScheduleInput!) {
    createFeeSchedule(input: $input) { ... on FeeSchedule { nodeId code total } } }"""
REFUND = """mutation ($input: RefundPaymentInput!) {
    refundPayment(input: $input) { ... on RefundedPayment { refund { nodeId reference amount } } } }"""
WALLET = """query ($key: String!) {
    wallet(matricule: $key) { nodeId balance entries(first: 1) { nodes { nodeId amount balance } } } }"""


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    queries = [module.Query for module in SLICES if hasattr(module, "Query")]
    return Asker(
        database, clock, [*queries, node_roots(NODES)], [each.Mutation for each in SLICES if hasattr(each, "Mutation")]
    )


@pytest.fixture
async def actor(database: Database) -> Actor:
    """A key with every scope there is."""
    return await make_actor(database, scopes=list(Scope))


async def one_of_each(database: Database, asker: Asker, actor: Actor, clock: FixedClock) -> dict[str, dict[str, Any]]:
    """An object of each kind, as it was first told: type → its fields."""
    async with database.transaction(Wall.app(actor.school_id)) as session:
        visit = await make_visit(session, actor, (), now=clock.now())
        await make_books(session)
        await make_entry(session)
    who = visit.student.matricule
    told = {
        "Absence": {"startsAt": RECORDED, "endsAt": "2025-01-13T12:00:00+00:00", "reason": "Rendez-vous"},
        "Payment": {"provider": "wave", "reference": "W1", "amount": "500", "currency": "XOF"},
        "Passage": {"zone": visit.zone.code, "badge": visit.badge, "deviceId": "T1", "deviceEventId": "1"},
    }
    told["Absence"]["matricule"] = told["Payment"]["matricule"] = who
    told["Payment"]["receivedAt"] = told["Passage"]["occurredAt"] = RECORDED
    found = {}
    for name, text in WRITES.items():
        [found[name]] = (await asker.data(actor, text, input=told[name])).values()
    found["Student"] = (await asker.data(actor, READS["Student"], key=who))["found"]
    studies = await asker.data(actor, STUDIES, key=who, year="2024-2025")
    found |= {"SchoolYear": studies["schoolYear"], "Programme": studies["student"]["programme"]}
    found |= {"SchoolClass": studies["student"]["class"], "Badge": studies["student"]["badges"][0]}
    [found["JournalEntry"]] = (await asker.data(actor, READS["JournalEntry"]))["journals"]["entries"]
    [found["LedgerEntry"]] = (await asker.data(actor, READS["LedgerEntry"]))["journalEntries"]["nodes"]
    return found | await _money(asker, actor, who, found["Payment"]["id"])


async def _money(asker: Asker, actor: Actor, who: str, payment_id: str) -> dict[str, dict[str, Any]]:
    issue = {"matricule": who, "kind": "other", "label": "Livre", "number": "L-1", "currency": "XOF"}
    issue["instalments"] = [{"dueOn": "2025-04-05", "amount": "90"}]
    credit = {"invoiceNumber": "L-1", "reason": "Rendu", "currency": "XOF", "amount": "10"}
    top = {"matricule": who, "provider": "wave", "reference": "W2", "amount": "500", "currency": "XOF"}
    made = await asker.data(actor, MONEY, issue=issue, credit=credit, top=top)
    refund = {"paymentId": payment_id, "provider": "wave", "reference": "R1", "reason": "Rendu", "currency": "XOF"}
    given = await asker.data(actor, REFUND, input={**refund, "refundedAt": RECORDED, "amount": "20"})
    wallet = (await asker.data(actor, WALLET, key=who))["wallet"]
    [entry] = wallet.pop("entries")["nodes"]
    invoice, note = made["issueInvoice"], made["creditInvoice"]["creditNote"]
    refunded = given["refundPayment"]["refund"]
    fees = {name: issue[name] for name in ("kind", "label", "currency", "instalments")}
    schedule = (await asker.data(actor, FEES, input={**fees, "code": "L"}))["createFeeSchedule"]
    found = {"Invoice": invoice, "CreditNote": note, "Refund": refunded, "Wallet": wallet, "WalletEntry": entry}
    return {**found, "FeeSchedule": schedule}


FRAGMENTS = """
    ... on Student { matricule lastName }  ... on Absence { id matricule reason }
    ... on Payment { id matricule amount allocations { amount } }  ... on Passage { id zone decision }
    ... on JournalEntry { label lines { debit } }  ... on Programme { code label }
    ... on SchoolClass { code students { nodes { matricule } } }
    ... on SchoolYear { startsOn running }  ... on Badge { badge matricule }
    ... on Invoice { number total }  ... on CreditNote { number amount }
    ... on Refund { reference amount }  ... on Wallet { balance }  ... on WalletEntry { amount balance }
    ... on FeeSchedule { code total }  ... on LedgerEntry { label }"""


async def test_every_kind_of_node_is_fetched_again_by_its_id(
    database: Database, asker: Asker, actor: Actor, clock: FixedClock
) -> None:
    first = await one_of_each(database, asker, actor, clock)
    assert set(first) == {kind.name for kind in NODES}
    for name, told in first.items():
        text = f"query ($id: ID!) {{ node(nodeId: $id) {{ __typename nodeId {FRAGMENTS} }} }}"
        again = (await asker.data(actor, text, id=told["nodeId"]))["node"]
        assert again == {"__typename": name, **told}


async def test_many_nodes_keep_their_places_and_take_a_statement_a_kind(
    database: Database, asker: Asker, actor: Actor
) -> None:
    async with database.transaction(Wall.app(actor.school_id)) as session:
        students = [await make_student(session, actor.school_id) for _ in range(5)]
    ids = [node_id_of("Student", student.id) for student in students]
    text = "query ($ids: [ID!]!) { nodes(nodeIds: $ids) { ... on Student { matricule } } }"
    with counted(database) as statements:
        found = (await asker.data(actor, text, ids=[ids[0], "nonsense", *ids[1:], ids[0]]))["nodes"]
    expected = [student.matricule for student in students]
    assert [each and each["matricule"] for each in found] == [expected[0], None, *expected[1:], expected[0]]
    assert len([each for each in statements if each.startswith("SELECT")]) == 1


async def test_who_was_shown_is_audited(database: Database, asker: Asker, actor: Actor, clock: FixedClock) -> None:
    first = await one_of_each(database, asker, actor, clock)
    student = read_node_id(first["Student"]["nodeId"])
    assert student
    for name in ("Student", "Badge", "Absence", "Payment", "Passage", "Invoice", "Refund", "WalletEntry"):
        before = await _audited(database, actor, student[1])
        await asker.data(actor, NODE, id=first[name]["nodeId"])
        assert await _audited(database, actor, student[1]) == before + 1, name


async def _audited(database: Database, actor: Actor, student: UUID) -> int:
    async with database.raw(Wall.owner(actor.school_id)) as connection:
        found: int = await connection.fetchval("SELECT count(*) FROM audit_entry WHERE $1 = ANY (subjects)", student)
    return found


@pytest.mark.parametrize("kind", [kind.name for kind in NODES])
async def test_a_key_is_given_the_kinds_that_its_scopes_open(
    database: Database, asker: Asker, actor: Actor, clock: FixedClock, kind: str
) -> None:
    first = await one_of_each(database, asker, actor, clock)
    opening = next(each.scopes for each in NODES if each.name == kind)
    for scope in Scope:
        key = replace(actor, scopes=frozenset({str(scope)}))
        if not any(scope in each.scopes for each in NODES):
            with pytest.raises(InsufficientScope):
                await asker.data(key, NODE, id=first[kind]["nodeId"])
            continue
        found = (await asker.data(key, NODE, id=first[kind]["nodeId"]))["node"]
        assert (found is not None) is (scope in opening), scope


async def test_an_operation_that_selects_more_than_the_key_may_read_is_refused_whole(
    asker: Asker, actor: Actor
) -> None:
    key = replace(actor, scopes=frozenset({str(Scope.STUDENTS_READ)}))
    text = "query ($id: ID!) { node(nodeId: $id) { nodeId ... on Student { matricule } ... on Absence { reason } } }"
    with pytest.raises(InsufficientScope):
        await asker.data(key, text, id="nonsense")


async def test_another_school_has_no_nodes_here(
    database: Database, asker: Asker, actor: Actor, clock: FixedClock
) -> None:
    first = await one_of_each(database, asker, actor, clock)
    stranger = await make_actor(database, await make_school(database), scopes=list(Scope))
    for told in first.values():
        assert (await asker.data(stranger, NODE, id=told["nodeId"]))["node"] is None


async def test_rows_have_rules_of_their_own(database: Database, asker: Asker, actor: Actor, clock: FixedClock) -> None:
    """What another partner wrote, and what happened in a zone that the key is not for, is not there."""
    first = await one_of_each(database, asker, actor, clock)
    async with database.transaction(Wall.app(actor.school_id)) as session:
        partner = await ensure_partner(session, "Autre")
    may_write = frozenset({str(Scope.ABSENCES_WRITE)})
    keys = {
        "Absence": replace(actor, partner_id=partner.id, scopes=may_write),
        "Passage": replace(actor, zones=NOWHERE),
    }
    for name, key in keys.items():
        assert (await asker.data(actor, NODE, id=first[name]["nodeId"]))["node"]
        assert (await asker.data(key, NODE, id=first[name]["nodeId"]))["node"] is None


async def test_more_than_a_hundred_are_refused(asker: Asker, actor: Actor) -> None:
    text = "query ($ids: [ID!]!) { nodes(nodeIds: $ids) { nodeId } }"
    assert await asker.refusal(actor, text, ids=["x"] * 101) == ("INVALID_INPUT", "nodeIds")


def test_nodes_cost_what_they_are_asked_for() -> None:
    prepare = Preparer(skooly_schema()).prepare
    fields = "{ ... on Student { enrolments { startsOn } } }"
    given = prepare(f"query ($ids: [ID!]!) {{ nodes(nodeIds: $ids) {fields} }}").estimator
    assert given.estimate({"ids": ["a", "b", "c"]}) == Cost(nodes=9, cost=4)
    assert given.ceiling == Cost(nodes=300, cost=101)
    assert prepare(f'{{ nodes(nodeIds: ["a", "b"]) {fields} }}').estimator.ceiling == Cost(nodes=6, cost=3)
    assert prepare(f'{{ nodes(nodeIds: "a") {fields} }}').estimator.ceiling == Cost(nodes=3, cost=2)


def test_introspection_names_only_the_kinds_that_a_key_may_read() -> None:
    schema = skooly_schema()
    seen = VisibleSchemas(schema.sdl(), schema.catalogue).seen_with(frozenset({str(Scope.ABSENCES_WRITE)}))
    assert "Absence" in seen.type_map
    assert {"Student", "Passage", "JournalEntry", "Payment"}.isdisjoint(seen.type_map)


@given(name=st.sampled_from([kind.name for kind in NODES]), id=st.uuids())
def test_a_node_id_says_what_it_was_made_of(name: str, id: UUID) -> None:
    assert read_node_id(node_id_of(name, id)) == (name, id)


@given(text=st.one_of(st.text(), st.binary().map(lambda raw: raw.hex())))
def test_any_other_text_leads_nowhere(text: str) -> None:
    assert read_node_id(text) is None


def test_one_object_has_one_id() -> None:
    text = node_id_of("Student", new_id())
    for variant in (f"{text}=", f" {text}", f"{text}\n", text + "A", text[:-1]):
        assert read_node_id(variant) is None
