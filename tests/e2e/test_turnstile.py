"""The scene at the canteen's door, and every reason for a red light."""

import uuid
from datetime import UTC, datetime

import pytest

from app.demo.personas import PERSONAS, REVOKED_BADGE, UNKNOWN_BADGE
from tests.e2e.conftest import School

CHANGED_BY_SCENES = {"12345", "10002"}
ASKED = [
    (each.badge, zone, answer)
    for each in PERSONAS
    for zone, answer in each.at.items()
    if each.badge not in CHANGED_BY_SCENES
]
ASKED += [(UNKNOWN_BADGE, "RESTAURANT", "UNKNOWN_BADGE"), (REVOKED_BADGE, "RESTAURANT", "BADGE_REVOKED")]
MESSAGES = {
    "UNKNOWN_BADGE": "Badge inconnu",
    "BADGE_REVOKED": "Badge révoqué",
    "NOT_ENROLLED": "Non inscrit",
    "ZONE_FORBIDDEN": "Zone interdite",
    "TUITION_UNPAID": "Scolarité impayée",
    "OUTSIDE_MEAL_WINDOW": "Hors des heures de repas",
    "ANTI_PASSBACK": "Déjà passé",
    "INSUFFICIENT_BALANCE": "Solde insuffisant",
}


@pytest.mark.parametrize(("badge", "zone", "reason"), ASKED)
def test_each_persona_gets_its_answer(school: School, badge: str, zone: str, reason: str | None) -> None:
    answer = school.check(badge, zone)
    assert answer.headers["content-type"] == "application/json"
    if reason is None:
        assert (answer.status_code, answer.json()["decision"]) == (200, "granted")
    else:
        assert answer.status_code == 403
        denial = answer.json()
        assert (denial["decision"], denial["reason"]) == ("denied", reason)
        assert denial["message"] == MESSAGES[reason]


def test_an_empty_wallet_is_a_red_light_until_it_is_filled(school: School) -> None:
    denied = school.check("12345")
    assert denied.status_code == 403
    assert denied.json()["message"] == "Solde insuffisant"
    assert "balance" not in denied.text.lower().replace("insufficient_balance", "")

    school.top_up("2024/INF/0124", "100000")
    granted = school.check("12345")
    assert (granted.status_code, granted.json()["decision"]) == (200, "granted")

    passed = school.client("tourniquet").post("/v1/access-control/passages", json=_passage("12345"))
    assert passed.status_code == 201, passed.text
    again = school.check("12345")
    assert (again.status_code, again.json().get("reason")) == (403, "ANTI_PASSBACK")


def test_a_passage_sent_twice_is_one(school: School) -> None:
    passage = _passage("10011")
    first, second = [school.client("tourniquet").post("/v1/access-control/passages", json=passage) for _ in range(2)]
    assert (first.status_code, first.json()) == (second.status_code, second.json())


def test_a_denial_is_told_in_english_where_that_is_asked_for(school: School) -> None:
    answer = school.client("tourniquet").get(
        "/v1/access-control/check",
        params={"nfc": UNKNOWN_BADGE, "zone": "RESTAURANT"},
        headers={"Accept-Language": "en"},
    )
    assert answer.json()["message"] == "Unknown badge"


def test_a_badge_is_read_whatever_its_case(school: School) -> None:
    assert school.check("04a1b2c3d4e5f6").status_code == 200


def test_an_error_is_told_apart_from_a_denial(school: School) -> None:
    answers = {
        401: school.check("12345", preset="sk_live_" + "A" * 12 + "_" + "B" * 36),
        403: school.check("12345", preset="bibliotheque"),
        404: school.check("12345", zone="NULLE-PART"),
        400: school.get("tourniquet", "/access-control/check", nfc="12345", zon="RESTAURANT"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert "decision" not in answer.json()
        assert answer.json()["requestId"]
    assert answers[403].json()["type"].endswith("insufficient-scope")


def test_a_check_without_a_key_says_how_to_give_one(school: School) -> None:
    answer = school.client("").get("/v1/access-control/check", params={"nfc": "12345", "zone": "RESTAURANT"})
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers


def _passage(badge: str) -> dict[str, object]:
    return {
        "zone": "RESTAURANT",
        "badge": badge,
        "deviceId": "porte-1",
        "deviceEventId": uuid.uuid4().hex,
        "direction": "in",
        "occurredAt": datetime.now(UTC).isoformat(),
        "offline": False,
    }
