"""The running platform against its OpenAPI document, with the key of every preset: every check, nothing found.

Cases come from the document, well-formed and spoilt; some of their values are those of the demo school, so that they
reach further than a 404. The seed is fixed: a run that fails, fails again.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response

from app.demo.personas import PERSONAS, REVOKED_BADGE, UNKNOWN_BADGE
from app.domains.partners.presets import PRESETS
from app.web.generated import OPENAPI
from tests.e2e.conftest import School

NOW = datetime.now(UTC).replace(microsecond=0)
RULES = {
    400: frozenset({"BAD_CURSOR"}),
    409: frozenset(
        {
            "ABSENCE_OVERLAP",
            "PARTNER_NAME_TAKEN",
            "SCHOOL_CODE_TAKEN",
            "KEY_ALREADY_REVOKED",
            "KEY_ALREADY_SHOWN",
            "TOO_MANY_ENDPOINTS",
            "TOO_MANY_SECRETS",
            "DELIVERY_UNDER_WAY",
        }
    ),
    410: frozenset({"LOG_GAP"}),
    422: frozenset(
        {
            "ABSENCE_ENDS_FIRST",
            "ABSENCE_OUT_OF_RANGE",
            "ABSENCE_TOO_LONG",
            "PASSAGE_IN_FUTURE",
            "PASSAGE_TOO_OLD",
            "IDEMPOTENCY_KEY_REUSED",
            "URL_MALFORMED",
            "URL_SCHEME_REFUSED",
            "URL_HOST_REFUSED",
            "URL_HOST_AMBIGUOUS",
            "URL_ADDRESS_NOT_PUBLIC",
            "URL_FRAGMENT_REFUSED",
            "URL_OWN_HOST_REFUSED",
            "URL_PORT_REFUSED",
            "URL_USERINFO_REFUSED",
            "URL_TOO_LONG",
            "HEADER_MALFORMED",
            "HEADER_RESERVED",
            "HEADER_REPEATED",
            "TOO_MANY_HEADERS",
            "TOPIC_UNKNOWN",
            "TOPIC_CLOSED",
            "FILTER_REFUSED",
            "FACT_UNKNOWN",
            "SECRET_REFUSED",
            "REPLAY_TOO_OLD",
            "UNKNOWN_PRESET",
            "UNKNOWN_TIMEZONE",
            "NETWORK_UNREADABLE",
            "GRACE_NOT_OFFERED",
        }
    ),
}
"""Why a well-formed request may be refused: a cursor that nobody signed, what is taken or full, its dates against the
clock or one another, its past.
"""


def instants(*days: float) -> dict[str, Any]:
    return {"values": [(NOW + timedelta(days=each)).isoformat() for each in days]}


def known(dictionary: str) -> dict[str, Any]:
    return {"dictionary": dictionary, "probability": 0.5}


def configuration() -> SchemathesisConfig:
    quiet = {"extra-data-sources": {"responses": False}}  # what one test learnt would change the next
    refused_by_rules = {"positive_data_acceptance": {"expected-statuses": ["201", "401", "403", "404", "409", "422"]}}
    # A cursor is a text like any other until it is read: one that is invented is a bad request, or leads to a gap.
    statuses = ["200", "201", "202", "400", "401", "403", "404", "409", "410", "422"]
    managed = {"positive_data_acceptance": {"expected-statuses": statuses}}
    return SchemathesisConfig.from_dict(
        {
            "seed": 20241231,
            "generation": {
                "deterministic": True,
                "database": "none",
                "max-examples": 25,
                "with-security-parameters": False,  # the preset's key is on every request; `ignored_auth` takes it off
            },
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["200", "304", "403", "404"]},
                "negative_data_rejection": {"expected-statuses": ["400", "403", "404", "405", "406", "415", "422"]},
                "max_response_time": 5,
            },
            "operations": [
                {"include-operation-id": each, "checks": refused_by_rules}
                for each in ("recordAbsence", "recordPassage", "createEventTicket")
            ]
            + [
                # To wait for the sake of a test would take its time only: what may be asked is in the tests of events.
                {"include-operation-id": "events", "checks": managed, "parameters": {"wait": 0}},
            ]
            + [
                {"include-operation-id": each, "checks": managed}
                for each in (
                    "auditEntries",
                    "keys",
                    "issueKey",
                    "rotateKey",
                    "partners",
                    "createPartner",
                    "renamePartner",
                    "schools",
                    "createSchool",
                    "updateSchool",
                    "endpoints",
                    "deliveries",
                    "createEndpoint",
                    "updateEndpoint",
                    "rotateEndpointSecret",
                    "replayDeliveries",
                    "recoverDeliveries",
                    "replayDelivery",
                )
            ],
            "phases": {
                "examples": quiet,
                "coverage": quiet,
                "fuzzing": {**quiet, "error-feedback": {"enabled": False}},
            },
            "dictionaries": {
                "matricules": {"values": [each.matricule for each in PERSONAS]},
                "badges": {"values": [UNKNOWN_BADGE, REVOKED_BADGE, *(each.badge for each in PERSONAS)]},
                "zones": {"values": ["RESTAURANT", "BIBLIOTHEQUE", "LABO-INF", "BUFFET", "restaurant "]},
                "days": {"values": ["2024-12-31", str(NOW.date())]},
                "starts": instants(-1, -2.5, -400, 3, 365),
                "ends": instants(-0.5, -2.4, -399, 4, 367),
                "passages": instants(0, -0.1, -1, -30, -40, 1),
            },
            "parameters": {
                "matricule": known("matricules"),
                "id": known("badges"),
                "nfc": known("badges"),
                "zone": known("zones"),
                "date": known("days"),
                "body.matricule": known("matricules"),
                "body.badge": known("badges"),
                "body.zone": known("zones"),
                "body.startsAt": known("starts"),
                "body.endsAt": known("ends"),
                "body.occurredAt": known("passages"),
            },
            "warnings": False,
        }
    )


# A stream has no end that could be waited for; tests/web/sse reads it.
schema = schemathesis.openapi.from_path(OPENAPI, config=configuration()).exclude(path="/events/stream")


def refused_by_a_rule_alone(_: CheckContext, response: Response, case: schemathesis.Case) -> None:
    """A well-formed request is refused for what it asks, never for how it is written."""
    rules = RULES.get(response.status_code)
    well_formed = case.meta and case.meta.generation.mode.is_positive
    if rules is not None and well_formed and response.json()["code"] not in rules:
        raise Failure(operation=case.operation.label, title="Well-formed request refused", message=response.text)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_the_served_document_is_the_committed_one(school: School) -> None:
    assert school.client("").get("/v1/openapi.json").content == OPENAPI.read_bytes()


@pytest.mark.parametrize("preset", sorted(PRESETS))
@schema.parametrize()
def test_nothing_is_found(case: schemathesis.Case, school: School, session: requests.Session, preset: str) -> None:
    case.call_and_validate(
        base_url=f"{school.platform.url}/v1",
        session=session,
        headers={"X-API-KEY": school.keys[preset]},
        additional_checks=[refused_by_a_rule_alone],
    )
