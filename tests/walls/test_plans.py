"""Every hot statement, as its slice runs it and as the production role, uses its index behind the walls.

A new hot statement is added to HOT, imported from its slice.
"""

import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Executable, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import col

from app.core.actor import Actor
from app.core.database import Database, RawConnection, Wall
from app.core.ids import first_id_at
from app.core.pagination import Position
from app.domains.absences.reads import AbsenceFilter, absence_page, absences_of_students
from app.domains.access.loaders import passage_bounds
from app.domains.access.meal_pieces import UNPOSTED
from app.domains.access.passage_reads import passage_page, select_passages
from app.domains.access.statements import DECIDE_ACCESS, FIND_RECORDED
from app.domains.access.tables import Passage
from app.domains.audit.searching import LOOK_UPS, statement_of
from app.domains.events.service import events_after
from app.domains.finance import invoice_statements as invoices
from app.domains.finance import statements as finance
from app.domains.finance.service.balances import account_page, balances_of
from app.domains.finance.service.ledger import EntryFilter, entries_page
from app.domains.finance.service.ledgers import LedgerPage, ledger_lines
from app.domains.finance.service.listing import InvoiceFilter, PaymentFilter, SortKey, invoice_page, payment_page
from app.domains.partners.idempotency import kept_outcome
from app.domains.partners.keyring import FIND_KEYS
from app.domains.students import statements as students
from app.domains.students.named import FIND_STUDENTS
from app.domains.students.service.lists import list_statement, roster_statement
from app.domains.webhooks import statements as webhooks
from app.domains.webhooks.owners import Owner
from app.embedded import Addresses
from tests.support.database import clone, drop
from tests.support.factories.partners import make_actor, make_school
from tests.walls.crowd import STUDENTS, count_rows, fill, large_tables

FEW_PAGES = 30
"""A look-up of one thing. Reading all of a school's rows, by an index that starts well, takes at least 80 more."""
A_LIST = 75
TWENTY_STUDENTS = 200
"""Each lies on a page of its own, and so does what each studies: enrolment, programme, class and year."""
A_CLASS = 700
"""Everybody of a class of 100 is looked up by id, and then sorted."""
DELIVERIES = 400
"""A page of the deliveries of three endpoints, each with its event."""
MEALS = 300
"""Twenty of them, each with its wallet's entry."""
LOOKED_UP = 200
"""A page of entries that are found one by one."""
OFTEN = 6
NOW = datetime.now(UTC)


@dataclass
class Crowd:
    database: Database
    school_id: uuid.UUID
    actor: Actor
    student_id: uuid.UUID
    class_id: uuid.UUID
    invoice_id: uuid.UUID
    payment_id: uuid.UUID
    wallet_id: uuid.UUID
    key_id: str
    endpoint_id: uuid.UUID
    event_id: uuid.UUID
    large: set[str]
    filled_at: datetime
    """What is not sealed yet is counted from here: in a long run these modules were imported long before."""


Asked = tuple[Executable | str, Mapping[str, Any]]


@dataclass(frozen=True)
class Hot:
    """A statement and values for its parameters; `pages` is the most it may touch."""

    ask: Callable[[Crowd], Asked]
    pages: int = FEW_PAGES
    role: str = "skooly_app"


def _passages(_: Crowd) -> Asked:
    since, until = passage_bounds(NOW, NOW)
    # A day on which nothing is due yet: the rules go on as far as the passages.
    moment = {"moment": NOW, "day": date(2024, 10, 1), "weekday": 2, "clock": time(12), "as_of": NOW}
    bounds = {"passages_from": since, "passages_until": until}
    return DECIDE_ACCESS, {"badge": "B77", "zone": "RESTAURANT", **moment, **bounds}


def _of_passages(*, student: bool = False, zone: bool = False, newest: bool = False) -> Callable[[Crowd], Asked]:
    def ask(crowd: Crowd) -> Asked:
        listed = select_passages(crowd.actor)
        if student:
            listed = listed.where(col(Passage.student_id) == crowd.student_id)
        if zone:
            listed = listed.where(col(Passage.zone_id) == _one(crowd))
        return passage_page(listed, 20, None, newest=newest), {}

    return ask


def _of_absences(**which: Any) -> Asked:
    return absence_page(20, None, AbsenceFilter(**which), newest=False), {}


def _earlier_absences(crowd: Crowd) -> Asked:
    return absence_page(20, Position(NOW + timedelta(days=1), crowd.student_id), AbsenceFilter(), newest=True), {}


def _seen(crowd: Crowd) -> dict[str, Any]:
    return {**Owner.of(crowd.actor).sight, "endpoint": crowd.endpoint_id, "event": crowd.event_id}


def _deliveries(*, states: tuple[str, ...] = (), **which: bool) -> Callable[[Crowd], Asked]:
    def ask(crowd: Crowd) -> Asked:
        narrowed = {name: which.get(name, False) for name in ("endpoint", "topic", "since", "after")}
        values = {
            "most": 21,
            "topic": "wallet.low",
            "since": crowd.event_id,
            "after_endpoint": crowd.endpoint_id,
            "replay": 0,
        }
        return text(webhooks.list_deliveries(states=states, **narrowed)), {**_seen(crowd), **values}

    return ask


def _student(crowd: Crowd) -> uuid.UUID:
    return crowd.student_id


def _class(crowd: Crowd) -> uuid.UUID:
    return crowd.class_id


def _one(crowd: Crowd) -> uuid.UUID:
    """The school's programme, and its school year."""
    return crowd.actor.partner_id


def _students(order: str, **values: Any) -> Callable[[Crowd], Asked]:
    """A page under the conditions that `values` name; a callable takes its value from the crowd."""

    def ask(crowd: Crowd) -> Asked:
        given = {name: value(crowd) if callable(value) else value for name, value in values.items()}
        return list_statement(order, frozenset(given)), {**PAGE, **given}

    return ask


def _rosters(crowd: Crowd) -> Asked:
    return roster_statement(frozenset({"runs"})), {**PAGE, "classes": [crowd.class_id]}


def _invoices(by: SortKey, *, after: Position | None = None, **which: Any) -> Asked:
    asked = invoice_page(15, after, InvoiceFilter(**which), by=by, newest=True, today=date(2025, 1, 13))
    return asked, {}


def _payments(**which: Any) -> Asked:
    return payment_page(20, None, PaymentFilter(**which), newest=True), {}


def _audit(*, backwards: bool = False, **asked: Any) -> Callable[[Crowd], Asked]:
    """A page of the audit; `subject` is the crowd's student. `backwards` is a page further into the past."""

    def ask(crowd: Crowd) -> Asked:
        given = {**asked, **({"subject": crowd.student_id} if "subject" in asked else {})}
        look_up = next((name for name in LOOK_UPS if name in given), None)
        tail = {} if look_up is None else {"tail": first_id_at(crowd.filled_at - timedelta(minutes=3))}
        if backwards:
            given |= {"before": first_id_at(crowd.filled_at - timedelta(minutes=40)), "before_operation": "op1"}
        return statement_of(look_up, frozenset(given) - {"before_operation"}, 21), {**given, **tail}

    return ask


DAY = {"on": date(2024, 12, 31)}
PAGE = {"count": 20, "on": DAY["on"]}
YESTERDAY = NOW - timedelta(days=1)
LISTS = {
    "first page": Hot(_students("updated_at"), pages=TWENTY_STUDENTS),
    "next page": Hot(_students("updated_at", key=YESTERDAY, after_id=_student), pages=TWENTY_STUDENTS),
    "since": Hot(_students("updated_at", updated_since=YESTERDAY), pages=TWENTY_STUDENTS),
    "of a status": Hot(_students("updated_at", status="suspended"), pages=TWENTY_STUDENTS),
    "by name": Hot(_students("last_name"), pages=TWENTY_STUDENTS),
    "by name, next page": Hot(_students("last_name", key="n3", after_id=_student), pages=TWENTY_STUDENTS),
    "by the beginning of a name": Hot(_students("last_name", name_prefix="N59"), pages=TWENTY_STUDENTS),
    "by matricule": Hot(_students("matricule"), pages=TWENTY_STUDENTS),
    "by matricule, next page": Hot(_students("matricule", key="M3", after_id=_student), pages=TWENTY_STUDENTS),
    "of a class": Hot(_students("last_name", class_id=_class, runs=True), pages=A_CLASS),
    "of a class in a year": Hot(_students("last_name", class_id=_class, year_id=_one), pages=A_CLASS),
    "of a programme": Hot(_students("last_name", programme_id=_one, runs=True), pages=TWENTY_STUDENTS),
    "of a school year": Hot(_students("updated_at", year_id=_one), pages=TWENTY_STUDENTS),
}
HOT = {
    "student by matricule": Hot(lambda _: (students.FIND_STUDENT, {"matricule_key": "M77"})),
    "students named by events": Hot(
        lambda _: (FIND_STUDENTS, {"matricule_keys": [f"M{n}" for n in range(20)]}), TWENTY_STUDENTS
    ),
    "student with enrolments": Hot(lambda _: (students.DESCRIBE_STUDENT, {"matricule_key": "M77", **DAY})),
    "holder by badge": Hot(lambda _: (students.FIND_BADGE_HOLDER, {"uid": "B77"})),
    **{f"students: {name}": hot for name, hot in LISTS.items()},
    "badges of students": Hot(lambda crowd: (students.BADGES_OF_STUDENTS, {"students": [crowd.student_id]})),
    "enrolments of students": Hot(lambda crowd: (students.ALL_ENROLMENTS, {"students": [crowd.student_id]})),
    "rosters of classes": Hot(_rosters, pages=A_CLASS),
    "instalments unpaid": Hot(
        lambda _: (finance.FINANCIAL_STATUS, {"matricule_key": "M77", "today": date(2025, 1, 13)})
    ),
    "instalments to settle": Hot(
        lambda crowd: (finance.OPEN_INSTALMENTS, {"student_id": crowd.student_id, "currency": "XOF"})
    ),
    "invoice by number": Hot(lambda crowd: (finance.FIND_INVOICE, {"number": "FM77", "student_id": crowd.student_id})),
    "payment by reference": Hot(lambda _: (finance.DESCRIBE_PAYMENT, {"provider": "cash", "reference": "RM77"})),
    "payment by id": Hot(lambda crowd: (invoices.FIND_PAYMENT, {"payment_id": crowd.payment_id})),
    "invoice with its student": Hot(lambda _: (invoices.INVOICE_BY_NUMBER, {"number": "FM77"})),
    "instalments of an invoice": Hot(lambda crowd: (invoices.INSTALMENTS, {"invoices": [crowd.invoice_id]})),
    "allocations of a payment": Hot(lambda crowd: (invoices.ALLOCATIONS_OF_PAYMENT, {"payment_id": crowd.payment_id})),
    "allocations of an invoice": Hot(lambda crowd: (invoices.ALLOCATIONS_OF_INVOICE, {"invoice_id": crowd.invoice_id})),
    "first page of invoices": Hot(lambda _: _invoices("issued"), pages=A_LIST),
    "next page of invoices": Hot(
        lambda crowd: _invoices("issued", after=Position(date(2024, 9, 1), crowd.invoice_id)), pages=A_LIST
    ),
    "invoices by their last change": Hot(lambda _: _invoices("updated"), pages=A_LIST),
    "late invoices by due date": Hot(lambda _: _invoices("due", status="late"), pages=A_LIST),
    "invoices of a student": Hot(lambda _: _invoices("issued", matricule="m77"), pages=A_LIST),
    "first page of payments": Hot(lambda _: _payments(), pages=A_LIST),
    "payments of a student": Hot(lambda _: _payments(matricule="m77"), pages=A_LIST),
    "ledger of a wallet": Hot(lambda crowd: (ledger_lines([crowd.wallet_id], LedgerPage(20, newest=True)), {})),
    "wallet by student": Hot(lambda crowd: (finance.FIND_WALLET, {"student_id": crowd.student_id})),
    "entries of a day": Hot(lambda _: (finance.ENTRIES_OF_DAY, DAY), pages=A_LIST),
    "lines of a day": Hot(lambda _: (finance.LINES_OF_DAY, DAY), pages=A_LIST),
    "first page of entries": Hot(lambda _: (entries_page(EntryFilter(), 20, None), {}), pages=LOOKED_UP),
    "next page of entries": Hot(
        lambda crowd: (entries_page(EntryFilter(), 20, Position(date(2024, 6, 1), crowd.student_id)), {}),
        pages=LOOKED_UP,
    ),
    "entries of an account": Hot(lambda _: (entries_page(EntryFilter(account="707"), 20, None), {}), pages=LOOKED_UP),
    "entries of a student": Hot(lambda _: (entries_page(EntryFilter(aux_account="M77"), 20, None), {})),
    "entries of a piece": Hot(lambda _: (entries_page(EntryFilter(piece_ref="P77"), 20, None), {})),
    "lines of an account": Hot(lambda _: (account_page("707", None, None, None, 20, None), {}), pages=LOOKED_UP),
    "lines of a student": Hot(lambda _: (account_page("411", "M77", None, None, 20, None), {})),
    "events after a position": Hot(lambda _: (events_after(STUDENTS - 50, 100), {})),
    "access, with passages": Hot(_passages),
    "first page of passages": Hot(_of_passages(), pages=A_LIST),
    "passages of a student": Hot(_of_passages(student=True)),
    "passages of a zone, the newest": Hot(_of_passages(zone=True, newest=True), pages=A_LIST),
    "first page of absences": Hot(lambda _: _of_absences(), pages=A_LIST),
    "next page of absences, backwards": Hot(_earlier_absences, pages=A_LIST),
    "absences of a student": Hot(lambda _: _of_absences(matricule="m77")),
    "absences of students": Hot(lambda crowd: (absences_of_students(20, None), {"students": [crowd.student_id]})),
    "passage of a device": Hot(lambda _: (FIND_RECORDED, {"device_id": "D", "device_event_id": "M77/1"})),
    "idempotency key": Hot(lambda crowd: (kept_outcome(crowd.actor, "op", "K77"), {})),
    "audit of a student": Hot(_audit(subject=True), pages=A_LIST),
    "audit of a key": Hot(_audit(key_id="K7"), pages=LOOKED_UP),
    "audit of an operation": Hot(_audit(operation="op7"), pages=LOOKED_UP),
    "audit of a key, next page": Hot(_audit(key_id="K7", backwards=True), pages=LOOKED_UP),
    "audit, the newest": Hot(_audit(), pages=A_LIST),
    "first page of deliveries": Hot(_deliveries(), pages=DELIVERIES),
    "next page of deliveries": Hot(_deliveries(after=True), pages=DELIVERIES),
    "deliveries of an endpoint": Hot(_deliveries(endpoint=True), pages=DELIVERIES),
    "deliveries that were given up": Hot(_deliveries(states=("exhausted",)), pages=DELIVERIES),
    "deliveries that are held": Hot(_deliveries(states=("held",)), pages=DELIVERIES),
    "deliveries of a topic": Hot(_deliveries(topic=True), pages=DELIVERIES),
    "deliveries since": Hot(_deliveries(since=True), pages=DELIVERIES),
    "delivery": Hot(lambda crowd: (webhooks.FIND_DELIVERY, {**_seen(crowd), "replay": 0})),
    "attempts of a delivery": Hot(
        lambda crowd: (
            webhooks.ATTEMPTS,
            {"endpoints": [crowd.endpoint_id], "events": [crowd.event_id], "replays": [0]},
        )
    ),
    "trial balance of two days": Hot(
        lambda _: (balances_of(date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 1)), {}), pages=LOOKED_UP
    ),
    "meals to post": Hot(lambda _: (UNPOSTED, {"today": date(2024, 10, 2)}), pages=MEALS),
    "key by id": Hot(lambda crowd: (FIND_KEYS, {"1": [crowd.key_id]}), role="skooly_auth"),
}


@pytest.fixture(scope="module")
async def crowd(servers: Addresses) -> AsyncIterator[Crowd]:
    name = f"skooly_crowd_{uuid.uuid4().hex[:8]}"
    async with Database(await clone(servers, name)) as database:
        for _ in range(2):
            school = await make_school(database)
            actor = await make_actor(database, school)
            await fill(database, school, actor.partner_id)
        await count_rows(database)
        async with database.raw(Wall.app(school.id)) as connection:
            student_id = await connection.fetchval("SELECT id FROM student WHERE matricule_key = 'M77'")
            class_id = await connection.fetchval("SELECT id FROM school_class WHERE code = 'C7'")
            owned = [
                await connection.fetchval(f"SELECT id FROM {table} WHERE student_id = $1", student_id)
                for table in ("invoice", "payment", "wallet")
            ]
            key_id = await connection.fetchval("SELECT min(key_id) FROM api_key")
            endpoint_id = await connection.fetchval("SELECT min(id::text)::uuid FROM endpoint")
            event_id = await connection.fetchval("SELECT id FROM event WHERE position = $1", STUDENTS // 2)
            large = await large_tables(connection)
        told = key_id, endpoint_id, event_id, large
        yield Crowd(database, school.id, actor, student_id, class_id, *owned, *told, datetime.now(UTC))
    await drop(servers, name)


def _compiled(asked: Asked) -> tuple[str, list[Any]]:
    """As asyncpg sends it: `$1` and a list."""
    statement, values = asked
    if isinstance(statement, str):
        return statement, list(values.values())
    compiled = statement.compile(dialect=dialect())
    assert isinstance(compiled, SQLCompiler)
    parameters = {**compiled.params, **values}
    return str(compiled), [parameters[name] for name in compiled.positiontup or ()]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _scanned(plan: dict[str, Any], large: set[str]) -> list[str]:
    """Large tables that are read from end to end."""
    nodes = (node for node in _nodes(plan) if node["Node Type"] == "Seq Scan")
    return [node["Relation Name"] for node in nodes if node["Relation Name"] in large]


async def _explain(connection: RawConnection, explained: str, *args: Any) -> dict[str, Any]:
    [explanation] = json.loads(await connection.fetchval(explained, *args))
    return dict(explanation["Plan"])


def test_the_crowd_is_large(crowd: Crowd) -> None:
    for table in ("student", "badge", "enrolment", "instalment", "wallet", "journal_entry", "journal_line", "api_key"):
        assert table in crowd.large
    assert any(name.startswith("event_p") for name in crowd.large)
    assert any(name.startswith("passage_p") for name in crowd.large)


@pytest.mark.parametrize("name", HOT)
async def test_a_hot_statement_touches_few_pages(crowd: Crowd, name: str) -> None:
    hot = HOT[name]
    sql, args = _compiled(hot.ask(crowd))
    async with crowd.database.raw(Wall(hot.role, crowd.school_id)) as connection:
        plan = await _explain(connection, f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *args)
    _judge(plan, hot, crowd)


@pytest.mark.parametrize("name", HOT)
async def test_nor_does_it_once_prepared_and_run_often(crowd: Crowd, name: str) -> None:
    """From the sixth time on PostgreSQL may keep a plan that fits all values."""
    hot = HOT[name]
    sql, args = _compiled(hot.ask(crowd))
    execute = f"EXECUTE hot({', '.join(map(_literal, args))})" if args else "EXECUTE hot"
    async with crowd.database.raw(Wall(hot.role, crowd.school_id)) as connection:
        await connection.execute(f"PREPARE hot AS {sql}")
        for _ in range(OFTEN):
            await connection.execute(execute)
        plan = await _explain(connection, f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {execute}")
        await connection.execute("DEALLOCATE hot")
    _judge(plan, hot, crowd)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return f"'{{{','.join(map(str, value))}}}'" if isinstance(value, list) else f"'{value}'"


def _judge(plan: dict[str, Any], hot: Hot, crowd: Crowd) -> None:
    assert _scanned(plan, crowd.large) == []
    assert plan["Actual Rows"] > 0, "a look-up that finds nothing proves nothing"
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= hot.pages, plan


async def test_posting_a_fact_reads_what_it_is_about(crowd: Crowd) -> None:
    """A function hides its plans: what it read is counted."""
    fact = {
        "n": 0,
        "source_type": "invoice",
        "source_id": str(crowd.invoice_id),
        "journal": "sales",
        "dated": "2025-01-13",
        "piece_ref": "F77",
        "label": "Frais",
        "currency": "XOF",
        "lines": [
            {"line_no": 1, "use": "receivable", "debit": 300, "credit": 0, "student_id": str(crowd.student_id)},
            {"line_no": 2, "use": "tuition", "debit": 0, "credit": 300},
        ],
    }
    async with crowd.database.raw(Wall.app(crowd.school_id)) as connection:
        for _ in range(OFTEN + 1):
            fact["source_id"] = str(uuid.uuid4())
            before = await _read(connection, crowd)
            assert len(await connection.fetch("SELECT * FROM post_facts($1::jsonb)", json.dumps([fact]))) == 1
            scanned, looked_up = (now - then for now, then in zip(await _read(connection, crowd), before, strict=True))
            assert scanned == 0
            assert looked_up <= FEW_PAGES


async def _read(connection: RawConnection, crowd: Crowd) -> tuple[int, int]:
    """Rows of large tables that this transaction read in scans, and by their indexes."""
    row = await connection.fetchrow(
        "SELECT sum(seq_tup_read)::int, sum(coalesce(idx_tup_fetch, 0))::int FROM pg_stat_xact_user_tables "
        "WHERE relname = ANY ($1)",
        sorted(crowd.large),
    )
    assert row is not None
    return row[0], row[1]


async def test_a_scan_would_be_noticed(crowd: Crowd) -> None:
    async with crowd.database.raw(Wall.app(crowd.school_id)) as connection:
        plan = await _explain(connection, "EXPLAIN (FORMAT JSON) SELECT FROM student WHERE lower(last_name) = 'n77'")
        assert _scanned(plan, crowd.large) == ["student"]
