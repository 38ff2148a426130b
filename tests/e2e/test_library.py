"""The library asks who a student is."""

import pytest

from tests.e2e.conftest import School


@pytest.mark.parametrize("written", ["2024%2FINF%2F0123", "2024%2Finf%2F0123", "2024%2fINF%2f0123"])
def test_a_matricule_with_slashes_is_one_segment(school: School, written: str) -> None:
    answer = school.get("bibliotheque", f"/students/{written}")
    assert answer.status_code == 200, answer.text
    student = answer.json()
    assert (student["matricule"], student["firstName"], student["lastName"]) == ("2024/INF/0123", "Aïssatou", "N'Diaye")
    assert (student["enrolled"], student["status"]) == (True, "active")


def test_accents_spaces_and_dots_are_found(school: School) -> None:
    assert school.get("bibliotheque", "/students/g%C3%A9o%202023.07").json()["lastName"] == "Mendy"


def test_nobody_is_a_404_that_says_so(school: School) -> None:
    answer = school.get("bibliotheque", "/students/2024%2FINF%2F9999")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_canteen_learns_who_carries_a_badge_and_nothing_else(school: School) -> None:
    answer = school.get("cantine", "/students/badge/12345")
    assert answer.status_code == 200
    assert set(answer.json()) == {"badge", "matricule", "firstName", "lastName"}
    for path in ("/students/2024%2FINF%2F0123", "/financial/status/2024%2FINF%2F0123"):
        refused = school.get("cantine", path)
        assert (refused.status_code, refused.json()["code"]) == (403, "INSUFFICIENT_SCOPE")


def test_the_same_answer_has_the_same_tag(school: School) -> None:
    first = school.get("bibliotheque", "/students/2024%2FINF%2F0123")
    again = school.client("bibliotheque").get(
        "/v1/students/2024%2FINF%2F0123", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
