"""A school's tool records an absence, and its network hiccups."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.e2e.conftest import School


@pytest.fixture
def absence() -> dict[str, object]:
    """An hour that no other test has."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=uuid.uuid4().int % 500_000)
    return {
        "matricule": "2024/GES/0007",
        "startsAt": start.isoformat(),
        "endsAt": (start + timedelta(seconds=30)).isoformat(),
        "reason": "Rendez-vous médical",
    }


def post(school: School, body: object, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return school.client("absences").post("/v1/absences", json=body, headers=headers)


def test_posted_twice_with_one_key_it_is_made_once(school: School, absence: dict[str, object]) -> None:
    key = uuid.uuid4().hex
    first, second = post(school, absence, key), post(school, absence, key)
    assert first.status_code == second.status_code == 201, first.text
    assert first.json() == second.json()
    overlapping = post(school, absence)
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "ABSENCE_OVERLAP")


def test_the_same_key_for_something_else_is_refused(school: School, absence: dict[str, object]) -> None:
    key = uuid.uuid4().hex
    assert post(school, absence, key).status_code == 201
    assert post(school, {**absence, "reason": "Autre"}, key).status_code == 422


def test_fifty_at_once_have_one_effect(school: School, absence: dict[str, object]) -> None:
    key = uuid.uuid4().hex
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(school, absence, key), range(50)))
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert len(set(made)) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}


def test_what_is_wrong_with_an_absence_is_said(school: School, absence: dict[str, object]) -> None:
    unknown = post(school, {**absence, "matricule": "personne"})
    assert (unknown.status_code, unknown.json()["field"]) == (404, "matricule")
    backwards = post(school, {**absence, "endsAt": absence["startsAt"]})
    assert (backwards.status_code, backwards.json()["field"]) == (422, "endsAt")
    assert post(school, {**absence, "reasons": "x"}).status_code == 422
    assert school.client("absences").post("/v1/absences", content=b"{").status_code in (400, 415)
