"""Every mutation of the schema with inputs made from its types: whatever comes, an answer in the schema's own words.

A failure that clients are to expect is a member of the mutation's union, and its `field` is a path of what was given.
Half of the values are those of the demo school, so that services are reached and not only those who read what is given.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.openings import opens
from app.api.operations import Preparer
from app.api.slices import skooly_schema
from app.demo.calendar import calendar_of
from app.demo.personas import PERSONAS, REVOKED_BADGE, UNKNOWN_BADGE
from app.demo.places import GROUPS, STUDIES
from app.domains.partners.presets import PRESETS
from tests.contracts.test_fuzz import Keys
from tests.contracts.well_formed import JSON
from tests.contracts.wire import Wire
from tests.e2e.conftest import School

NOW = datetime.now(UTC).replace(microsecond=0)
CALENDAR = calendar_of(NOW.date())
YEARS = [year.code for year in CALENDAR.years]
DAYS = [str(NOW.date() + timedelta(days=days)) for days in (-400, -1, 0, 1, 30, 400)] + ["0001-01-01", "9999-12-31"]
INSTANTS = [(NOW + timedelta(days=days)).isoformat() for days in (-400, -40, -1, -0.1, 0, 0.1, 400)]
INSTANTS += ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2025-01-13T09:00:00"]
AMOUNTS = [
    "0",
    "1",
    "-1",
    "500",
    "12.50",
    "0.001",
    "1e3",
    "-0",
    "99999999999999",
    "9" * 40,
    "NaN",
    "Infinity",
    "1_0",
    "١",
]
UNKNOWN = "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"
CLASSES = [group.code for group in GROUPS]
KNOWN: dict[str, list[str]] = {
    "matricule": [each.matricule for each in PERSONAS],
    "newMatricule": ["2099/FUZ/0001", PERSONAS[0].matricule],
    "except": [each.matricule for each in PERSONAS],
    "badge": [UNKNOWN_BADGE, REVOKED_BADGE, *(each.badge for each in PERSONAS)],
    "newBadge": [UNKNOWN_BADGE, REVOKED_BADGE, PERSONAS[0].badge],
    "class": CLASSES,
    "toClass": CLASSES,
    "programme": [study.code for study in STUDIES],
    "programmes": [study.code for study in STUDIES],
    "schoolYear": YEARS,
    "fiscalYear": ["2024", "2025", "2026", *YEARS],
    "period": ["2024-12", "2025-01", str(NOW.date())[:7]],
    "code": [*YEARS, CLASSES[0], STUDIES[0].code, "VT", "411000", "RESTAURANT", "FUZZ"],
    "zone": ["RESTAURANT", "BIBLIOTHEQUE", "LABO-INF", "restaurant "],
    "zones": ["RESTAURANT", "BIBLIOTHEQUE"],
    "currency": ["XOF", "XOF", "XOF", "EUR", "USD", "xof", "XXX"],
    "amount": AMOUNTS,
    "debit": AMOUNTS,
    "credit": AMOUNTS,
    "price": AMOUNTS,
    "journalCode": ["VT", "BQ", "OD", "CN"],
    "journal": ["VT", "BQ", "OD", "CN"],
    "account": ["411000", "706000", "4111", "521", "401"],
    "url": ["https://example.com/hook", "https://127.0.0.1/", "http://[::1]:1/", "https://x@y/", "//"],
    "topics": ["student.updated", "invoice.issued", "*", "student.*"],
    "topic": ["student.updated", "invoice.issued"],
    "fact": ["zone", "matricule", "x.y"],
    "networks": ["10.0.0.0/8", "::/0", "1.2.3.4", "10.0.0.1/8"],
    "timezone": ["Africa/Dakar", "Europe/Paris", "../UTC", "posixrules", "localtime"],
    "preset": sorted(PRESETS),
    "partner": ["cantine", "core"],
    "opens": ["11:30", "24:00", "00:00", "7:5"],
    "closes": ["14:00", "24:00", "00:00"],
    "secret": ["whsec_" + "A" * 32, "whsec_" + "A" * 43 + "=", "x"],
    "after": ["", "AAAA"],
}
TEXTS = st.sampled_from(
    ["", " ", "x", "\u200b", "\ufeff", "é" * 300, "🐪" * 64, "A" * 41, "%s{0}{x}", "'; --", "a\nb", "-1"]
)
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "String": TEXTS | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Z"]), max_size=20),
    "Int": st.sampled_from([0, 1, -1, 2, 10, 24, 2**31 - 1, -(2**31)]),
    "Boolean": st.booleans(),
    "Date": st.sampled_from(DAYS),
    "DateTime": st.sampled_from(INSTANTS),
    "UUID": st.sampled_from([UNKNOWN, "00000000-0000-0000-0000-000000000000", "f" * 8 + "-ffff" * 3 + "-" + "f" * 12]),
    "ID": st.just("x"),
}
HARVEST = {
    "core": """{
        payments(first: 20) { nodes { paymentId: id } }
        invoices(first: 20) { nodes { number invoiceNumber: number } }
        absences(first: 20) { nodes { absenceId: id } }
        journalEntries(first: 20) { nodes { entryId: id } }
        drafts: journalEntries(first: 20, status: draft) { nodes { entryId: id } }
        fiscalYears { fiscalYear: code periods { period: code } }
        ledgerAccounts { account: code }
    }""",
    "admin": "{ partners(first: 20) { nodes { partner: name } } }",
}
"""What the demo school has, each under the name of the argument that takes it."""
NEW_ENDPOINT = """mutation { createEndpoint(input: {url: "https://example.com/", topics: ["student.updated"]}) {
    ... on NewEndpointAnswer { endpoint { endpointId: id } }
} }"""
REQUEST_ERRORS = {"BAD_USER_INPUT", "BAD_CURSOR", "IDEMPOTENCY_KEY_REUSED"}
SAY_INVALID_INPUT_IN_ERRORS = {"recordAbsence", "recordPassage", "recordPayment", "topUpWallet"}
"""The first mutations there were: their clients find it there."""
SCHEMA = skooly_schema()
MUTATIONS: dict[str, GraphQLField] = SCHEMA.graphql.mutation_type.fields  # type: ignore[union-attr]


def harvested(answer: Any) -> Iterator[tuple[str, str]]:
    """(argument, value) of whatever an answer holds."""
    if isinstance(answer, list):
        for each in answer:
            yield from harvested(each)
    elif isinstance(answer, dict):
        for name, value in answer.items():
            if isinstance(value, str):
                yield name, value
            else:
                yield from harvested(value)


@pytest.fixture(autouse=True, scope="module")
def _known(school: School) -> None:
    """What the demo school has is tried too."""
    for preset, query in HARVEST.items():
        learn(school.client(preset).post("/graphql", json={"query": query}).json()["data"])
    learn(school.client("annuaire").post("/graphql", json={"query": NEW_ENDPOINT}).json()["data"])


def learn(answer: Any) -> None:
    for name, value in harvested(answer):
        KNOWN.setdefault(name, []).append(value)


def values(name: str, kind: GraphQLInputType) -> st.SearchStrategy[Any]:
    """Well-typed values of an argument or an input field."""
    if isinstance(kind, GraphQLNonNull):
        return _present(name, kind.of_type)
    return st.none() | _present(name, kind)


def _present(name: str, kind: GraphQLInputType) -> st.SearchStrategy[Any]:
    if isinstance(kind, GraphQLList):
        return st.lists(values(name, kind.of_type), max_size=3)
    if isinstance(kind, GraphQLInputObjectType):
        return _objects(kind)
    if isinstance(kind, GraphQLEnumType):
        return st.sampled_from(list(kind.values))
    drawn = LEAVES[kind.name]  # type: ignore[union-attr]
    return st.sampled_from(KNOWN[name]) | drawn if name in KNOWN else drawn


@cache
def _objects(kind: GraphQLInputObjectType) -> st.SearchStrategy[dict[str, Any]]:
    required = {name: each for name, each in kind.fields.items() if is_required_input_field(each)}
    optional = {name: each for name, each in kind.fields.items() if name not in required}
    return st.fixed_dictionaries(
        {name: values(name, each.type) for name, each in required.items()},
        optional={name: values(name, each.type) for name, each in optional.items()},
    )


def arguments(field: GraphQLField) -> st.SearchStrategy[dict[str, Any]]:
    required = {name: each for name, each in field.args.items() if is_required_argument(each)}
    optional = {name: each for name, each in field.args.items() if name not in required}
    return st.fixed_dictionaries(
        {name: values(name, each.type) for name, each in required.items()},
        optional={name: values(name, each.type) for name, each in optional.items()},
    )


@cache
def document(name: str) -> str:
    """The mutation with every plain field of what it answers, objects one level deep."""
    field = MUTATIONS[name]
    declared = ", ".join(f"${each}: {argument.type}" for each, argument in field.args.items())
    passed = ", ".join(f"{each}: ${each}" for each in field.args)
    members = SCHEMA.graphql.get_possible_types(get_named_type(field.type))  # type: ignore[arg-type]
    parts = "".join(_shown(number, member) for number, member in enumerate(members))
    shown = f"__typename {parts} ... on Failure {{ code message field }}"
    return f"mutation Fuzz({declared}) {{ {name}({passed}) {{ {shown} }} }}"


def _shown(number: int, member: GraphQLObjectType) -> str:
    if "Failure" in [each.name for each in member.interfaces]:
        return ""
    names = [name for name, each in member.fields.items() if is_leaf_type(get_named_type(each.type)) and not each.args]
    shown = " ".join(f"m{number}{name}: {name}" for name in names[:3])
    return f"... on {member.name} {{ __typename {shown} }} "


@cache
def preset_for(name: str) -> str:
    """A preset that may run the mutation; none for those of the platform."""
    needs = Preparer(SCHEMA).prepare(document(name)).needs
    return next((each.name for each in PRESETS.values() if opens(each.scopes, needs)), "")


def is_path(field: str | None, name: str) -> bool:
    """Whether a client can find it in what it gave: by the argument, or by the field of `input`."""
    if field is None:
        return True
    first, *rest = field.split(".")
    kind: Any = MUTATIONS[name].args.get(first)
    if kind is None:
        kind = _field(MUTATIONS[name].args.get("input"), first)
    for step in rest:
        if kind is None:
            return False
        if not step.isdecimal():
            kind = _field(kind, step)
    return kind is not None


def _field(parent: Any, name: str) -> Any:
    """What an argument or an input field of an object type has under a name."""
    inner = get_named_type(parent.type) if parent else None
    return inner.fields.get(name) if isinstance(inner, GraphQLInputObjectType) else None


def is_of_the_request(name: str, code: str, field: str | None = None, **_: Any) -> bool:
    """Whether a failure belongs among the errors, and not into the union."""
    if code == "INVALID_INPUT":
        return field == "idempotencyKey" or name in SAY_INVALID_INPUT_IN_ERRORS
    return code in REQUEST_ERRORS


@pytest.mark.parametrize("name", sorted(MUTATIONS))
@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_every_mutation_answers_in_the_words_of_the_schema(
    wire: Wire, keys: Keys, name: str, data: st.DataObject
) -> None:
    preset = preset_for(name)
    if not preset:
        pytest.skip("a platform key's")
    variables = data.draw(arguments(MUTATIONS[name]))
    answer = wire.ask(
        "POST", "/graphql", {**keys[preset], **JSON}, orjson.dumps({"query": document(name), "variables": variables})
    )
    assert answer.status < 500, answer
    body = answer.json
    for error in body.get("errors", []):
        assert is_of_the_request(name, **error["extensions"]), body
    if body.get("data") and (told := body["data"][name]) and "message" in told:
        assert is_path(told["field"], name), told
