"""Every operation on personal data leaves one audit row: the right key, channel, operation and students.

Over GraphQL, root field by root field, and over every REST document; `audit_controls.py` is the table.
"""

import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    is_required_argument,
)

from app.api.slices import skooly_schema
from app.cli.instance import open_instance
from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.graph.node import node_id_of
from app.domains.absences.service import record_absence
from app.domains.finance.records import Due
from app.domains.finance.service import ensure_journal
from app.domains.finance.service.fees import create_fee_schedule
from app.domains.partners.presets import PLATFORM, PRESETS
from app.domains.partners.service import find_school
from app.domains.students.records import StudentIdentity
from app.domains.students.tables import SchoolClass
from app.web.generated import DOCUMENTS, unconnected_gateway
from compat_rest.endpoints import Endpoint, load_endpoints
from tests.contracts.audit_controls import ANYBODY, GRAPHQL, NOBODY, REFUSALS, REST, Asked, Refused
from tests.contracts.test_scope_matrix import OPENED
from tests.e2e.conftest import School
from tests.support.factories.access import make_passage, make_zone
from tests.support.factories.finance import make_draft, make_entry, make_invoice, make_payment, make_top_up, sale
from tests.support.factories.partners import make_actor
from tests.support.factories.students import fill_class, make_badge, make_class, make_student, make_year

ALWAYS = (date(2020, 1, 1), date(2099, 12, 31))
YEAR = "AUDIT"
SCHEMA = skooly_schema()
FAILURE = "Failure"


@dataclass
class Stage:
    """The demo school from inside."""

    database: Database
    school_id: UUID

    async def cast(self) -> dict[str, str]:
        """People that no other test knows, by what stands for them in a line."""
        now = datetime.now(UTC)
        actor = await make_actor(self.database, await find_school(self.database, "DEMO"))
        async with self.database.transaction(Wall.app(self.school_id)) as session:
            await make_year(session, self.school_id, code=YEAR, days=ALWAYS)
            student, suspended, idle = await self._people(session)
            joined, other = await self._enrol(session, student)
            money = await self._money(session, actor, student.matricule)
            badge = await make_badge(session, actor, student.matricule)
            await make_passage(session, await make_zone(session, self.school_id), student.id, now)
            absence = await record_absence(
                session,
                actor,
                matricule=student.matricule,
                starts_at=now,
                ends_at=now + timedelta(hours=1),
                reason=None,
                justified=False,
                now=now,
            )
        return {
            "$student": student.matricule,
            "$suspended": suspended.matricule,
            "$idle": idle.matricule,
            "$class": joined.code,
            "$other": other.code,
            "$programme": f"P{joined.code}",
            **money,
            "$year": YEAR,
            "$badge": badge,
            "$absence": str(absence.id),
            "$node": str(node_id_of("Student", student.id)),
            "$unique": uuid.uuid4().hex.upper(),
            "$matricule": f"N{uuid.uuid4().hex[:10].upper()}",
            "$now": now.isoformat(),
            "$later": (now + timedelta(minutes=30)).isoformat(),
        }

    async def _people(self, session: Any) -> list[StudentIdentity]:
        return [
            await make_student(session, self.school_id, status=status, enrolled_in=None)
            for status in ("active", "suspended", "active")
        ]

    async def _enrol(self, session: Any, student: StudentIdentity) -> tuple[SchoolClass, SchoolClass]:
        """The class the student is in, and another one of its programme, which is called after the class."""
        code = uuid.uuid4().hex[:8].upper()
        joined = await make_class(session, self.school_id, programme=f"P{code}", code=code)
        other = await make_class(session, self.school_id, programme=f"P{code}")
        await fill_class(session, self.school_id, joined, [student.id], days=ALWAYS, school_year=YEAR)
        return joined, other

    async def _money(self, session: Any, actor: Actor, matricule: str) -> dict[str, str]:
        """A payment that finds nothing to settle, then an invoice; something in the wallet; two entries."""
        payment = await make_payment(session, actor, matricule, 500)
        invoice = await make_invoice(session, matricule, (date(2099, 1, 1), 500))
        await make_top_up(session, actor, matricule, 500)
        await ensure_journal(session, code="AUDIT", label="Contrôle")
        written = {"journal_code": "AUDIT", "lines": sale(aux_account=matricule)}
        draft, entry = await make_draft(session, **written), await make_entry(session, **written)
        schedule = await create_fee_schedule(
            session,
            code=uuid.uuid4().hex[:12],
            label="Contrôle",
            kind="tuition",
            currency="XOF",
            instalments=[Due(date(2099, 1, 1), 500)],
        )
        return {
            "$schedule": schedule.code,
            "$payment": str(payment.id),
            "$invoice": invoice.number,
            "$draft": str(draft.id),
            "$entry": str(entry.id),
        }

    async def rows(self, request_id: str) -> list[dict[str, Any]]:
        async with self.database.raw(Wall.app(self.school_id)) as connection:
            found = await connection.fetch("SELECT * FROM audit_entry WHERE request_id = $1", UUID(request_id))
        return [dict(row) for row in found]

    async def id_of(self, matricule: str) -> UUID:
        async with self.database.raw(Wall.app(self.school_id)) as connection:
            found: UUID = await connection.fetchval("SELECT id FROM student WHERE matricule_key = $1", matricule)
        return found


@pytest.fixture(scope="module")
async def stage(school: School) -> AsyncIterator[Stage]:
    with open_instance(Path(school.platform.answer["data"])) as settings:
        async with Database(settings.database_url) as database:
            yield Stage(database, (await find_school(database, "DEMO")).id)


def filled(text: str, cast: Mapping[str, str]) -> str:
    """Longer names first: $student is not the beginning of $students."""
    for name in sorted(cast, key=len, reverse=True):
        text = text.replace(name, cast[name])
    return text


# What has to be in the table


def reached(start: Any) -> dict[str, GraphQLNamedType]:
    """The types below one, by name."""
    found: dict[str, GraphQLNamedType] = {}
    waiting = [get_named_type(start)]
    while waiting:
        named = waiting.pop()
        if named.name in found:
            continue
        found[named.name] = named
        if isinstance(named, GraphQLUnionType):
            waiting.extend(named.types)
        elif isinstance(named, GraphQLInterfaceType):
            waiting.extend(SCHEMA.graphql.get_possible_types(named))
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) or is_input_object_type(named):
            waiting.extend(get_named_type(field.type) for field in named.fields.values())
    return found


def is_personal(coordinate: str) -> bool:
    return SCHEMA.catalogue.rules[coordinate].personal


def personal_roots() -> set[str]:
    """Root fields below which, or in whose arguments, anything is personal."""
    personal = {where.partition(".")[0] for where, rule in SCHEMA.catalogue.rules.items() if rule.personal}
    roots = [root for root in (SCHEMA.graphql.query_type, SCHEMA.graphql.mutation_type) if root]
    return {
        f"{root.name}.{name}"
        for root in roots
        for name, field in root.fields.items()
        for start in (field.type, *(argument.type for argument in field.args.values()))
        if not personal.isdisjoint(reached(start))
    }


def documents() -> dict[str, Endpoint]:
    gateway = unconnected_gateway(SCHEMA)
    loaded = load_endpoints(gateway, DOCUMENTS / "operations", DOCUMENTS / "fragments")
    return {endpoint.name: endpoint for endpoint in loaded}


ENDPOINTS = documents()


def test_every_root_field_on_personal_data_has_a_line() -> None:
    assert personal_roots() - GRAPHQL.keys() == set(), "add a line to GRAPHQL in tests/contracts/audit_controls.py"
    assert GRAPHQL.keys() - personal_roots() == set(), "these are gone, or touch nobody's data"


def test_every_document_on_personal_data_has_a_line() -> None:
    personal = {name for name, endpoint in ENDPOINTS.items() if endpoint.prepared.needs.personal}
    assert personal - REST.keys() == set(), "add a line to REST in tests/contracts/audit_controls.py"
    assert REST.keys() - ENDPOINTS.keys() == set(), "these documents are gone"


# Running a line


def held_by(preset: str) -> frozenset[str]:
    return frozenset(map(str, (PLATFORM if preset == PLATFORM.name else PRESETS[preset]).scopes))


def document_of(root: str, given: str, scopes: frozenset[str]) -> str:
    """It selects a personal field of what was asked for, where there is one, and the words of any failure."""
    parent, name = root.split(".")
    field = SCHEMA.graphql.type_map[parent].fields[name]  # type: ignore[attr-defined]
    named = get_named_type(field.type)
    looked = look(named, scopes, personal=True) or look(named, scopes, personal=False)
    return f"{'query' if parent == 'Query' else 'mutation'} {{ {name}{given} {looked} }}"


def look(named: GraphQLNamedType, scopes: frozenset[str], *, personal: bool, depth: int = 5) -> str | None:
    """A selection of one field of each member that the scopes open; None where there is no such field."""
    if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
        members = {each.name: each for each in SCHEMA.graphql.get_possible_types(named)}
        done = {name: each for name, each in members.items() if FAILURE not in {i.name for i in each.interfaces}}
        inner = {name: look(each, scopes, personal=personal, depth=depth - 1) for name, each in done.items()}
        parts = [f"... on {name} {text}" for name, text in inner.items() if text]
        told = [f"... on {FAILURE} {{ code message }}"] if len(done) < len(members) else []
        return f"{{ __typename {' '.join([*parts, *told])} }}" if parts else None
    assert isinstance(named, GraphQLObjectType)
    return _leaf(named, scopes, personal) or (_below(named, scopes, personal, depth) if depth else None)


def _open(named: GraphQLObjectType, scopes: frozenset[str]) -> Iterator[tuple[str, Any]]:
    for name, field in named.fields.items():
        opened = SCHEMA.catalogue.rule(named.name, name).scopes & scopes
        if opened and not any(map(is_required_argument, field.args.values())):
            yield name, field


def _leaf(named: GraphQLObjectType, scopes: frozenset[str], personal: bool) -> str | None:
    for name, field in _open(named, scopes):
        if is_leaf_type(get_named_type(field.type)) and (is_personal(f"{named.name}.{name}") or not personal):
            return f"{{ {name} }}"
    return None


def _below(named: GraphQLObjectType, scopes: frozenset[str], personal: bool, depth: int) -> str | None:
    for name, field in _open(named, scopes):
        if not is_leaf_type(get_named_type(field.type)):
            inner = look(get_named_type(field.type), scopes, personal=personal, depth=depth - 1)
            if inner:
                return f"{{ {name} {inner} }}"
    return None


def preset_of(root: str, line: Asked | Refused) -> str:
    named = line.preset if isinstance(line, Asked) else None
    return named or next(preset for preset, roots in OPENED.items() if root in roots)


def ask(school: School, preset: str, document: str) -> dict[str, Any]:
    answer = school.client(preset).post("/graphql", json={"query": document})
    assert answer.status_code == 200, (document, answer.text)
    body: dict[str, Any] = answer.json()
    return body


async def told(stage: Stage, school: School, request_id: str, preset: str, concerns: str, cast: Any) -> dict[str, Any]:
    """The one row of a request, once it is found to name the right key and the right student."""
    [row] = await stage.rows(request_id)
    assert row["key_id"] == school.keys[preset].split("_")[2]
    assert row["subjects"]
    if concerns != ANYBODY:
        assert await stage.id_of(cast[concerns]) in row["subjects"]
    return row


@pytest.mark.parametrize("root", sorted(GRAPHQL))
async def test_an_operation_of_graphql_is_recorded(stage: Stage, school: School, root: str) -> None:
    line, cast = GRAPHQL[root], await stage.cast()
    preset = preset_of(root, line)
    document = document_of(root, filled(line.given, cast), held_by(preset))
    body = ask(school, preset, document)
    assert "errors" not in body, (document, body)
    [value] = body["data"].values()
    assert value, document
    assert not (isinstance(value, dict) and "code" in value), (document, body)
    if line.concerns == NOBODY:
        assert await stage.rows(body["extensions"]["requestId"]) == []
        return
    row = await told(stage, school, body["extensions"]["requestId"], preset, line.concerns, cast)
    assert (row["channel"], row["operation"]) == ("graphql", root.partition(".")[2])


@pytest.mark.parametrize("name", sorted(REST))
async def test_an_operation_of_rest_is_recorded(stage: Stage, school: School, name: str) -> None:
    line, endpoint, cast = REST[name], ENDPOINTS[name], await stage.cast()
    preset = line.preset or next(each for each in PRESETS if opens(each, endpoint))
    answer = send(school, preset, endpoint.binding.method, filled(line.target, cast), line.body, cast)
    assert answer.status_code in (200, 201, 403), answer.text
    assert answer.status_code != 403 or "decision" in answer.json(), answer.text
    row = await told(stage, school, answer.headers["x-request-id"], preset, line.concerns, cast)
    assert (row["channel"], row["operation"]) == ("rest", name)


def opens(preset: str, endpoint: Endpoint) -> bool:
    return all(anyone & held_by(preset) for anyone in endpoint.prepared.needs.alternatives)


def send(
    school: School, preset: str, method: str, target: str, body: str | None, cast: Mapping[str, str]
) -> httpx.Response:
    content = None if body is None else json.loads(filled(body, cast))
    return school.client(preset).request(method, f"/v1{target}", json=content)


@pytest.mark.parametrize("what", REFUSALS)
async def test_a_refusal_that_speaks_of_a_student_is_recorded(stage: Stage, school: School, what: str) -> None:
    line, cast = REFUSALS[what], await stage.cast()
    preset = preset_of(line.root, line)
    body = ask(school, preset, document_of(line.root, filled(line.given, cast), held_by(preset)))
    assert body["data"][line.root.partition(".")[2]]["code"] == line.code, body
    await told(stage, school, body["extensions"]["requestId"], preset, line.concerns, cast)


async def test_what_shows_nobody_is_not_recorded(stage: Stage, school: School) -> None:
    for preset, document in (
        ("bibliotheque", '{ student(matricule: "nobody at all") { matricule } }'),
        ("admin", "{ partners { nodes { name } } }"),
        ("core", "{ viewer { keyId } }"),
    ):
        body = ask(school, preset, document)
        assert await stage.rows(body["extensions"]["requestId"]) == []
