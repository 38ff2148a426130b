"""The registry asks whether a student is late, and a payment turns red into green."""

import uuid
from datetime import UTC, datetime

from app.demo.personas import PERSONAS
from tests.e2e.conftest import School


def status(school: School, matricule: str) -> dict[str, object]:
    answer = school.get("scolarite", f"/financial/status/{matricule.replace('/', '%2F')}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_payment_turns_red_into_green(school: School) -> None:
    late = next(each.matricule for each in PERSONAS if each.badge == "10002")
    assert school.check("10002").json()["reason"] == "TUITION_UNPAID"
    before = status(school, late)
    assert before["status"] == "red"
    assert before["since"]
    assert "amount" not in str(before)
    school.mutate(
        "core",
        "recordPayment",
        "Payment",
        matricule=late,
        provider="orange_money",
        reference=uuid.uuid4().hex,
        amount="5000000",
        currency="XOF",
        receivedAt=datetime.now(UTC).isoformat(),
    )
    after = status(school, late)
    assert (after["status"], after["since"]) == ("green", None)
    assert school.check("10002").json()["decision"] == "granted"


def test_the_others_are_green(school: School) -> None:
    for each in PERSONAS:
        if each.financial_status == "green":
            assert status(school, each.matricule)["status"] == "green", each.matricule


def test_nobody_is_404(school: School) -> None:
    assert school.get("scolarite", "/financial/status/personne").status_code == 404
