"""Sage's night job reads the day's entries."""

from collections import defaultdict
from decimal import Decimal

from tests.e2e.conftest import School


def test_the_last_day_of_2024_is_there_and_balanced(school: School) -> None:
    answer = school.get("comptabilite", "/finance/journals", date="2024-12-31")
    assert answer.status_code == 200, answer.text
    day = answer.json()
    assert day["date"] == "2024-12-31"
    assert day["provisional"] is False
    assert day["entryCount"] == len(day["entries"]) > 0
    assert day["lineCount"] == sum(len(entry["lines"]) for entry in day["entries"])
    totals: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for entry in day["entries"]:
        debit = sum(Decimal(line["debit"]) for line in entry["lines"])
        credit = sum(Decimal(line["credit"]) for line in entry["lines"])
        assert debit == credit > 0
        assert len(entry["lines"]) >= 2
        totals[entry["currency"]][0] += debit
        totals[entry["currency"]][1] += credit
    told = {total["currency"]: [Decimal(total["debit"]), Decimal(total["credit"])] for total in day["totals"]}
    assert told == totals


def test_reading_it_again_gives_the_same_bytes(school: School) -> None:
    first, again = (school.get("comptabilite", "/finance/journals", date="2024-12-31") for _ in range(2))
    assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])


def test_a_day_without_entries_has_zero_counts(school: School) -> None:
    day = school.get("comptabilite", "/finance/journals", date="1999-01-01").json()
    assert (day["entryCount"], day["lineCount"], day["entries"], day["totals"]) == (0, 0, [], [])


def test_a_bad_date_is_a_400_that_names_the_parameter(school: School) -> None:
    for bad in ("31/12/2024", "2024-02-30", "", "demain"):
        answer = school.get("comptabilite", "/finance/journals", date=bad)
        assert answer.status_code == 400, answer.text
        assert answer.json()["field"] == "date"
