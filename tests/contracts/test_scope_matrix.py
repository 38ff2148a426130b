"""Presets × every operation × every schema coordinate, with a positive control for each allowed one.

What a preset opens is written down here by hand, root field by root field; everything below it follows from the
committed snapshot of scopes, not from the code that enforces them.
"""

from collections.abc import Iterator

import httpx
import pytest
from graphql import GraphQLSchema, build_schema

from app.api.catalogue import EVERY_SCOPE
from app.domains.partners.presets import PLATFORM, PRESETS
from app.web.generated import SCHEMA, SCOPES
from tests.contracts.documents import Probe, probes
from tests.e2e.conftest import School

NODES = {"Query.node", "Query.nodes"}
"""Open to whoever may read a kind of node; what comes back is another matter."""
EVERY_PRESET = {**PRESETS, PLATFORM.name: PLATFORM}
WEBHOOKS = {
    "Query.endpoints",
    "Query.endpoint",
    "Subscription.endpointEvents",
    "Query.deliveries",
    "Query.delivery",
    "Mutation.createEndpoint",
    "Mutation.updateEndpoint",
    "Mutation.pauseEndpoint",
    "Mutation.resumeEndpoint",
    "Mutation.deleteEndpoint",
    "Mutation.sendTestEvent",
    "Mutation.rotateEndpointSecret",
    "Mutation.replayDelivery",
    "Mutation.replayDeliveries",
    "Mutation.recoverDeliveries",
}
EVENTS = {"Query.events", "Query.eventTopics", "Subscription.events"}
OPENED = {
    "cantine": {"Query.studentByBadge"},
    "tourniquet": {
        *NODES,
        "Query.checkAccess",
        "Mutation.recordPassage",
    },
    "bibliotheque": {*NODES, "Query.student"},
    "comptabilite": {*NODES, "Query.journals"},
    "absences": {*NODES, "Mutation.recordAbsence"},
    "scolarite": {"Query.financialStatus"},
    "annuaire": {*NODES, *WEBHOOKS, "Query.student", *EVENTS},
    "moodle": {*NODES, *WEBHOOKS, "Query.student", *EVENTS},
    "core": {
        *NODES,
        *WEBHOOKS,
        "Query.student",
        "Query.students",
        "Query.programme",
        "Query.programmes",
        "Query.class",
        "Query.classes",
        "Query.schoolYear",
        "Query.schoolYears",
        "Mutation.createStudent",
        "Mutation.updateStudent",
        "Mutation.suspendStudent",
        "Mutation.reinstateStudent",
        "Mutation.graduateStudent",
        "Mutation.withdrawStudent",
        "Mutation.enrolStudent",
        "Mutation.endEnrolment",
        "Mutation.moveStudent",
        "Mutation.assignBadge",
        "Mutation.replaceBadge",
        "Mutation.revokeBadge",
        "Mutation.graduateClass",
        "Mutation.suspendClass",
        "Mutation.createProgramme",
        "Mutation.updateProgramme",
        "Mutation.closeProgramme",
        "Mutation.createClass",
        "Mutation.updateClass",
        "Mutation.closeClass",
        "Mutation.createSchoolYear",
        "Mutation.updateSchoolYear",
        "Mutation.closeSchoolYear",
        "Query.invoice",
        "Query.invoices",
        "Query.payments",
        "Query.wallet",
        "Query.feeSchedules",
        "Mutation.createFeeSchedule",
        "Mutation.applyFeeSchedule",
        "Mutation.retireFeeSchedule",
        "Mutation.issueInvoice",
        "Mutation.cancelInvoice",
        "Mutation.creditInvoice",
        "Mutation.allocatePayment",
        "Mutation.refundPayment",
        "Mutation.debitWallet",
        "Mutation.correctWallet",
        "Mutation.recordPayment",
        "Mutation.topUpWallet",
        "Mutation.postEntry",
        "Mutation.changeEntry",
        "Mutation.deleteEntry",
        "Mutation.validateEntry",
        "Mutation.reverseEntry",
        "Mutation.openFiscalYear",
        "Mutation.closeFiscalYear",
        "Mutation.reopenFiscalYear",
        "Mutation.closePeriod",
        "Mutation.reopenPeriod",
        "Mutation.createJournal",
        "Mutation.renameJournal",
        "Mutation.createAccount",
        "Mutation.chooseChart",
        "Mutation.changeAccountMap",
        "Query.journalEntries",
        "Query.journalEntry",
        "Query.trialBalance",
        "Query.generalLedger",
        "Query.fiscalYears",
        "Query.ledgerJournals",
        "Query.ledgerAccounts",
        "Query.accountMap",
        "Mutation.recordAbsence",
        "Mutation.justifyAbsence",
        "Mutation.createZone",
        "Mutation.updateZone",
        "Query.absences",
        "Query.passages",
        "Query.zone",
        "Query.zones",
        *EVENTS,
        "Subscription.passages",
        "Subscription.payments",
    },
    "admin": {
        "Query.auditEntries",
        "Query.partners",
        "Query.keys",
        "Query.key",
        "Query.presets",
        "Mutation.createPartner",
        "Mutation.renamePartner",
        "Mutation.issueKey",
        "Mutation.rotateKey",
        "Mutation.revokeKey",
    },
    "platform": {
        "Query.schools",
        "Query.school",
        "Mutation.createSchool",
        "Mutation.updateSchool",
    },
}
OPENED_TO_ALL = {"Query.viewer", "Query.rateLimit"}
WEBHOOK_ENDPOINTS = {
    ("GET", "/v1/webhooks/endpoints"),
    ("POST", "/v1/webhooks/endpoints"),
    ("GET", "/v1/webhooks/endpoints/{endpointId}"),
    ("PATCH", "/v1/webhooks/endpoints/{endpointId}"),
    ("DELETE", "/v1/webhooks/endpoints/{endpointId}"),
    ("POST", "/v1/webhooks/endpoints/{endpointId}/pause"),
    ("POST", "/v1/webhooks/endpoints/{endpointId}/resume"),
    ("POST", "/v1/webhooks/endpoints/{endpointId}/test"),
    ("POST", "/v1/webhooks/endpoints/{endpointId}/rotate-secret"),
    ("POST", "/v1/webhooks/endpoints/{endpointId}/replay"),
    ("POST", "/v1/webhooks/endpoints/{endpointId}/recover"),
    ("GET", "/v1/webhooks/deliveries"),
    ("GET", "/v1/webhooks/deliveries/{deliveryId}"),
    ("POST", "/v1/webhooks/deliveries/{deliveryId}/replay"),
}
EVENT_ENDPOINTS = {
    ("GET", "/v1/events"),
    ("GET", "/v1/events/topics"),
    ("GET", "/v1/events/stream"),
    ("POST", "/v1/events/tickets"),
}
ENDPOINTS = {
    "cantine": {("GET", "/v1/students/badge/{id}")},
    "tourniquet": {("GET", "/v1/access-control/check"), ("POST", "/v1/access-control/passages")},
    "bibliotheque": {("GET", "/v1/students/{matricule}")},
    "comptabilite": {("GET", "/v1/finance/journals")},
    "absences": {("POST", "/v1/absences")},
    "scolarite": {("GET", "/v1/financial/status/{matricule}")},
    "annuaire": {*WEBHOOK_ENDPOINTS, ("GET", "/v1/students/{matricule}"), *EVENT_ENDPOINTS},
    "moodle": {*WEBHOOK_ENDPOINTS, ("GET", "/v1/students/{matricule}"), *EVENT_ENDPOINTS},
    "core": {
        *WEBHOOK_ENDPOINTS,
        ("GET", "/v1/students/{matricule}"),
        ("POST", "/v1/absences"),
        *EVENT_ENDPOINTS,
    },
    "admin": {
        ("GET", "/v1/audit/entries"),
        ("GET", "/v1/partners"),
        ("POST", "/v1/partners"),
        ("PATCH", "/v1/partners/{partner}"),
        ("GET", "/v1/keys"),
        ("POST", "/v1/keys"),
        ("POST", "/v1/keys/{keyId}/rotate"),
        ("POST", "/v1/keys/{keyId}/revoke"),
        ("GET", "/v1/presets"),
    },
    "platform": {
        ("GET", "/v1/schools"),
        ("POST", "/v1/schools"),
        ("GET", "/v1/schools/{code}"),
        ("PATCH", "/v1/schools/{code}"),
    },
}
ARGUMENTS = {
    "Query.student": '(matricule: "2024/INF/0123")',
    "Query.invoice": '(number: "FA-2024-00001")',
    "Query.wallet": '(matricule: "2024/INF/0123")',
    "Query.studentByBadge": '(id: "10011")',
    "Query.financialStatus": '(matricule: "2024/INF/0123")',
    "Subscription.passages": '(zone: "RESTAURANT")',
    "Subscription.endpointEvents": '(endpointId: "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")',
    "Query.checkAccess": '(nfc: "10011", zone: "RESTAURANT")',
}
AN_ENDPOINT = "/v1/webhooks/endpoints/0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"
NOBODY_HAS = {AN_ENDPOINT, "/v1/webhooks/deliveries/evt_1_2_0"}
"""What is made by hand has ids of chance: whoever is let in is told that there is none."""
PARAMETERS = {
    "/v1/webhooks/endpoints/{endpointId}": AN_ENDPOINT,
    **{
        f"/v1/webhooks/endpoints/{{endpointId}}/{each}": f"{AN_ENDPOINT}/{each}"
        for each in ("pause", "resume", "test", "rotate-secret", "replay", "recover")
    },
    "/v1/webhooks/deliveries/{deliveryId}": "/v1/webhooks/deliveries/evt_1_2_0",
    "/v1/webhooks/deliveries/{deliveryId}/replay": "/v1/webhooks/deliveries/evt_1_2_0/replay",
    "/v1/students/badge/{id}": "/v1/students/badge/10011",
    "/v1/students/{matricule}": "/v1/students/2024%2FINF%2F0123",
    "/v1/financial/status/{matricule}": "/v1/financial/status/2024%2FINF%2F0123",
    "/v1/access-control/check": "/v1/access-control/check?nfc=10011&zone=RESTAURANT",
    "/v1/finance/journals": "/v1/finance/journals?date=2024-12-31",
    "/v1/schools/{code}": "/v1/schools/DEMO",
    "/v1/partners/{partner}": "/v1/partners/Nobody",
    "/v1/keys/{keyId}/rotate": "/v1/keys/000000000000/rotate",
    "/v1/keys/{keyId}/revoke": "/v1/keys/000000000000/revoke",
}


def committed_scopes() -> dict[str, frozenset[str]]:
    """Coordinate → the scopes any of which opens it, as reviewed and committed."""
    lines = (line.split(": ", 1) for line in SCOPES.read_text().splitlines())
    return {where: EVERY_SCOPE if told == "any scope" else frozenset(told.split(" | ")) for where, told in lines}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text())


def test_every_preset_and_every_root_field_is_in_the_table(schema: GraphQLSchema) -> None:
    assert set(OPENED) == set(ENDPOINTS) == set(EVERY_PRESET)
    kinds = (schema.query_type, schema.mutation_type, schema.subscription_type)
    roots = {f"{root.name}.{name}" for root in kinds if root for name in root.fields}
    assert roots == OPENED_TO_ALL.union(*OPENED.values())


@pytest.mark.parametrize("preset", sorted(EVERY_PRESET))
def test_a_preset_reaches_its_coordinates_and_no_other(school: School, schema: GraphQLSchema, preset: str) -> None:
    scopes, client = committed_scopes(), school.client(preset)
    held = frozenset(map(str, EVERY_PRESET[preset].scopes))
    opened_roots = OPENED[preset] | OPENED_TO_ALL
    allowed = set()
    for probe in probes(schema, ARGUMENTS, opened_roots):
        opened = probe.root in opened_roots and all(scopes[each] & held for each in probe.coordinates)
        assert _passes(client, probe) is opened, (preset, probe.document)
        if opened:
            allowed.add(probe.target)
    assert allowed >= opened_roots


def _passes(client: httpx.Client, probe: Probe) -> bool:
    """Whether the operation was let through; what it then answered must have come from running it."""
    answer = client.post("/graphql", json={"query": probe.document})
    body = answer.json()
    if answer.status_code == 403:
        assert "data" not in body
        assert [error["extensions"]["code"] for error in body["errors"]] == ["INSUFFICIENT_SCOPE"]
        return False
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    if probe.root.startswith("Subscription."):  # it was let through, to the one thing that HTTP alone cannot do
        assert codes == {"NOT_A_STREAM"}, (probe.document, body)
        return True
    assert answer.status_code in (200, 400, 422), (probe.document, body)
    assert "data" in body or codes <= {"BAD_USER_INPUT", "INVALID_INPUT"}, (probe.document, body)
    return True


@pytest.mark.parametrize("preset", sorted(EVERY_PRESET))
def test_a_preset_reaches_its_endpoints_and_no_other(school: School, preset: str) -> None:
    reached = {each for each in _endpoints(school) if _reaches(school.client(preset), *each)}
    assert reached == ENDPOINTS[preset]
    told = school.client(preset).post("/graphql", json={"query": "{ viewer { endpoints } }"}).json()["data"]["viewer"]
    assert told["endpoints"] == [
        f"{method} {path}" for path, method in sorted((path, method) for method, path in reached)
    ]


def _endpoints(school: School) -> Iterator[tuple[str, str]]:
    document = httpx.get(f"{school.platform.url}/v1/openapi.json", trust_env=False).json()
    prefix = document["servers"][0]["url"].rstrip("/") if document.get("servers") else ""
    base = "" if "/v1/" in "".join(document["paths"]) else "/v1"
    assert prefix in ("", "/v1", f"{school.platform.url}/v1", school.platform.url)
    for path, methods in document["paths"].items():
        for method in methods:
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), f"{base}{path}"


def _reaches(client: httpx.Client, method: str, template: str) -> bool:
    path = PARAMETERS.get(template, template)
    with client.stream(method, path, json={} if method == "POST" else None) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return True  # and it stays open
        answer.read()
    if answer.status_code == 403 and answer.json().get("code") == "INSUFFICIENT_SCOPE":
        return False
    if answer.status_code == 403:  # a denial is a decision: the operation was let through and ran
        assert answer.json()["decision"] == "denied", answer.text
        return True
    read = (200, 404) if path in NOBODY_HAS else (200,)
    assert answer.status_code in (read if method == "GET" else (200, 201, 202, 400, 404, 422)), answer.text
    return True


def test_introspection_shows_a_key_what_it_may_use(school: School) -> None:
    answer = school.client("cantine").post("/graphql", json={"query": "{ __schema { queryType { fields { name } } } }"})
    assert answer.json()["data"]["__schema"]["queryType"]["fields"] == [
        {"name": "studentByBadge"},
        {"name": "viewer"},
        {"name": "rateLimit"},
    ]


def test_the_committed_snapshot_covers_the_committed_schema(schema: GraphQLSchema) -> None:
    fields = {
        f"{each.name}.{name}"
        for each in schema.type_map.values()
        if not each.name.startswith("__")
        for name in getattr(each, "fields", {})
    }
    assert fields == set(committed_scopes())
