"""Two schools on one server: to a key of one, what belongs to the other does not exist, on any channel."""

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.cli.instance import open_instance
from app.core.database import Database, Wall
from app.domains.partners.presets import PRESETS
from app.domains.partners.service import ensure_partner, issue_key
from tests.contracts.well_formed import PASSAGE
from tests.e2e.conftest import School
from tests.support.factories.access import make_zone
from tests.support.factories.partners import make_actor, make_school
from tests.support.factories.students import make_badge, make_student

ALWAYS = (date(2020, 1, 1), date(2099, 12, 31))
THEIRS = {
    "cantine": "/v1/students/badge/70001",
    "bibliotheque": "/v1/students/A%2F1",
    "scolarite": "/v1/financial/status/A%2F1",
    "tourniquet": "/v1/access-control/check?nfc=10011&zone=PORTAIL",
}
NOBODYS = {
    "cantine": "/v1/students/badge/79999",
    "bibliotheque": "/v1/students/A%2F9",
    "scolarite": "/v1/financial/status/A%2F9",
    "tourniquet": "/v1/access-control/check?nfc=10011&zone=PORTAIX",
}


@pytest.fixture(scope="module")
async def others(school: School) -> dict[str, str]:
    """Keys of another school. It has somebody of its own, and one with a matricule and a badge of the demo school."""
    with open_instance(Path(school.platform.answer["data"])) as settings:
        async with Database(settings.database_url) as database:
            made = await make_school(database)
            actor = await make_actor(database, made)
            async with database.transaction(Wall.app(made.id)) as session:
                partner = await ensure_partner(session, "Ailleurs")
                issued = {each: await issue_key(session, made, partner, each, settings.peppers) for each in PRESETS}
                await make_zone(session, made.id, "PORTAIL")
                for matricule, name, badge in (("A/1", "Koné", "70001"), ("2024/INF/0123", "Ba", "12345")):
                    await make_student(session, made.id, matricule=matricule, last_name=name, days=ALWAYS)
                    await make_badge(session, actor, matricule, badge)
    return {preset: key.key for preset, key in issued.items()}


def told(school: School, key: str, path: str) -> tuple[int, dict[str, Any]]:
    """Status and body, without what differs from request to request."""
    answer = school.client(key).get(path)
    body = answer.json()
    return answer.status_code, {name: body[name] for name in body.keys() - {"requestId", "detail"}}


def event() -> dict[str, Any]:
    """A passage now that no other test has told."""
    return {**PASSAGE, "deviceEventId": uuid.uuid4().hex, "occurredAt": datetime.now(UTC).isoformat()}


@pytest.mark.parametrize("preset", THEIRS)
def test_what_is_another_school_s_is_told_like_what_is_nobody_s(
    school: School, others: dict[str, str], preset: str
) -> None:
    assert told(school, others[preset], THEIRS[preset])[0] in (200, 403)
    status, body = told(school, preset, THEIRS[preset])
    assert status == 404
    assert (status, body) == told(school, preset, NOBODYS[preset])


def test_one_text_names_two_people(school: School, others: dict[str, str]) -> None:
    for preset, path in (("cantine", "/v1/students/badge/12345"), ("bibliotheque", "/v1/students/2024%2FINF%2F0123")):
        here, there = (told(school, key, path)[1] for key in (preset, others[preset]))
        assert there["lastName"] == "Ba"
        assert here["lastName"] != "Ba"


def test_another_school_s_badge_is_unknown_at_a_turnstile(school: School, others: dict[str, str]) -> None:
    assert school.check("70001", preset="tourniquet").json()["reason"] == "UNKNOWN_BADGE"
    assert school.check("70001", "PORTAIL", preset=others["tourniquet"]).json()["decision"] == "granted"
    passage = {**event(), "badge": "70001"}
    recorded = school.client("tourniquet").post("/v1/access-control/passages", json=passage)
    assert (recorded.status_code, recorded.json()["reason"]) == (201, "UNKNOWN_BADGE")


def test_a_device_s_event_is_its_own_school_s(school: School, others: dict[str, str]) -> None:
    passage = event()
    here = school.client("tourniquet").post("/v1/access-control/passages", json=passage)
    there = school.client(others["tourniquet"]).post("/v1/access-control/passages", json={**passage, "zone": "PORTAIL"})
    assert (here.status_code, there.status_code) == (201, 201)
    assert here.json()["id"] != there.json()["id"]


def test_nothing_is_written_about_another_school_s_people(school: School, others: dict[str, str]) -> None:
    start = datetime.now(UTC)
    absence = {"matricule": "A/1", "startsAt": start.isoformat(), "endsAt": (start + timedelta(hours=1)).isoformat()}
    refused = school.client("absences").post("/v1/absences", json=absence)
    assert (refused.status_code, refused.json()["code"]) == (404, "STUDENT_NOT_FOUND")
    money = {"matricule": "A/1", "provider": "wave", "reference": uuid.uuid4().hex, "amount": "5", "currency": "XOF"}
    school.mutate("core", "topUpWallet", "StudentNotFound", **money)
    school.mutate(others["core"], "topUpWallet", "WalletTopUp", **money)


def test_an_idempotency_key_is_its_own_school_s(school: School, others: dict[str, str]) -> None:
    start = datetime.now(UTC) - timedelta(minutes=uuid.uuid4().int % 500_000)
    end = start + timedelta(seconds=30)
    absence = {"matricule": "2024/INF/0123", "startsAt": start.isoformat(), "endsAt": end.isoformat()}
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    answers = [
        school.client(key).post("/v1/absences", json=absence, headers=headers)
        for key in ("absences", others["absences"], "absences")
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    first, other, again = (answer.json()["id"] for answer in answers)
    assert first == again != other


def test_a_cursor_is_its_own_school_s(school: School, others: dict[str, str]) -> None:
    query = "query($after: String) { students(first: 1, after: $after) { nodes { matricule } pageInfo { endCursor } } }"
    page = school.client("core").post("/graphql", json={"query": query}).json()["data"]["students"]
    variables = {"after": page["pageInfo"]["endCursor"]}
    refused = school.client(others["core"]).post("/graphql", json={"query": query, "variables": variables}).json()
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["BAD_CURSOR"]


def test_lists_and_books_are_its_own_school_s(school: School, others: dict[str, str]) -> None:
    query = "{ students(first: 100) { nodes { matricule lastName } } }"
    listed = school.client(others["core"]).post("/graphql", json={"query": query}).json()["data"]["students"]["nodes"]
    assert sorted(each["lastName"] for each in listed) == ["Ba", "Koné"]
    assert school.get(others["comptabilite"], "/finance/journals", date="2024-12-31").json()["entryCount"] == 0
    assert school.get("comptabilite", "/finance/journals", date="2024-12-31").json()["entryCount"] > 0
