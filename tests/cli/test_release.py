"""A release is a promise: what breaks it is refused unless a decision names it."""

import dataclasses
from pathlib import Path

import orjson
import pytest

from app.cli.release import NotReleasable, PromiseBroken, check_schema, refuse_broken, refuse_unready
from app.web.promises import Contract, broken, dangerous, excused

SCHEMA = """
type Query { student(matricule: String!): Student }
type Student { matricule: String! status: Status! }
enum Status { active left }
"""
SCOPES = "Query.student: students:read\nStudent.matricule: any scope\nStudent.status: students:list | students:read\n"
ANSWER = {"type": "object", "properties": {"matricule": {"type": "string"}}, "required": ["matricule"]}
OPENAPI = {
    "paths": {
        "/students/{matricule}": {
            "get": {"responses": {"200": {"content": {"application/json": {"schema": ANSWER}}}}},
        }
    }
}


@pytest.fixture
def sample() -> Contract:
    return Contract(SCHEMA, SCOPES, orjson.dumps(OPENAPI).decode(), "1.4.0")


def changed(contract: Contract, **texts: tuple[str, str]) -> Contract:
    """`contract` with one text in place of another."""
    for name, (old, new) in texts.items():
        assert old in getattr(contract, name)
        contract = dataclasses.replace(contract, **{name: getattr(contract, name).replace(old, new)})
    return contract


def test_what_is_added_breaks_nobody(sample: Contract) -> None:
    more = changed(
        sample, schema=("type Query {", "type Query { news: String"), scopes=("students:list |", "a | students:list |")
    )
    assert broken(sample, sample) == broken(sample, more) == []


@pytest.mark.parametrize(
    ("old", "new", "coordinate"),
    [
        ("status: Status!", "", "Student.status"),
        ("matricule: String! status", "matricule: String status", "Student.matricule"),
        ("(matricule: String!)", "(matricule: String! school: String!)", "Query.student(school:)"),
        ("(matricule: String!)", "", "Query.student(matricule:)"),
        ("active left", "active", "Status.left"),
    ],
)
def test_a_broken_promise_of_the_schema_is_named(sample: Contract, old: str, new: str, coordinate: str) -> None:
    (change,) = broken(sample, changed(sample, schema=(old, new)))
    assert change.coordinate == coordinate


def test_a_scope_that_no_longer_opens_a_field_breaks_the_keys_that_have_it(sample: Contract) -> None:
    narrower = changed(sample, scopes=("students:list | ", ""))
    assert list(map(str, broken(sample, narrower))) == ["`Student.status`: students:list opens it no longer."]
    closed = changed(sample, scopes=("any scope", "students:read"))
    assert [change.coordinate for change in broken(sample, closed)] == ["Student.matricule"]
    opened = changed(sample, scopes=("Query.student: students:read", "Query.student: any scope"))
    assert broken(sample, opened) == []


def test_a_broken_promise_of_rest_is_named_by_its_endpoint(sample: Contract) -> None:
    (change,) = broken(sample, changed(sample, openapi=('"/students/{matricule}"', '"/people/{matricule}"')))
    assert str(change) == "`GET /students/{matricule}`: the endpoint is gone."
    (change,) = broken(sample, changed(sample, openapi=('"string"', '"integer"')))
    assert change.coordinate == "GET /students/{matricule}"


def test_a_new_value_of_an_enum_is_worth_a_word_and_no_refusal(sample: Contract) -> None:
    more = changed(sample, schema=("active left", "active left suspended"))
    assert [change.coordinate for change in dangerous(sample, more)] == ["Status.suspended"]
    refuse_broken(sample, more, frozenset())


def test_the_refusal_says_how_to_keep_the_promise_or_to_break_it(sample: Contract) -> None:
    without = changed(sample, schema=("status: Status!", ""))
    with pytest.raises(PromiseBroken) as refusal:
        refuse_broken(sample, without, frozenset())
    assert "Clients of 1.4.0 would break" in str(refusal.value)
    assert str(refusal.value).endswith("Breaks: `Student.status`")


def test_a_decision_that_names_the_coordinate_excuses_it_and_no_other(sample: Contract, tmp_path: Path) -> None:
    (tmp_path / "0099-status.md").write_text("# 0099\n\nBreaks: `Student.status`, `GET /students/{matricule}`\n")
    (tmp_path / "0100-other.md").write_text("# 0100\n\n`Status.left` is spoken of, not broken.\n")
    assert excused(tmp_path) == {"Student.status", "GET /students/{matricule}"}
    refuse_broken(sample, changed(sample, schema=("status: Status!", "")), excused(tmp_path))
    with pytest.raises(PromiseBroken, match=r"Status\.left"):
        refuse_broken(sample, changed(sample, schema=("active left", "active")), excused(tmp_path))


def test_a_release_is_read_as_it_was_written(sample: Contract, tmp_path: Path) -> None:
    assert Contract.released(tmp_path / "none") is None
    sample.release("1.4.0", tmp_path / "released")
    assert Contract.released(tmp_path / "released") == sample


def test_a_version_is_released_once_with_its_changelog() -> None:
    changelog = "# Changelog\n\n## Unreleased\n\n## 1.10.0 (2027-01-04)\n"
    refuse_unready("1.10.0", "1.9.3", changelog)
    with pytest.raises(NotReleasable, match="is released already"):
        refuse_unready("1.10.0", "1.10.0", changelog)
    with pytest.raises(NotReleasable, match=r"has no section ## 1\.11\.0"):
        refuse_unready("1.11.0", "1.10.0", changelog)


def test_the_committed_contract_keeps_the_promises_of_the_last_release() -> None:
    check_schema()


def test_the_committed_contract_could_be_released(tmp_path: Path) -> None:
    """Every text can be read as what it is."""
    contract = Contract.committed()
    contract.release("9.9.9", tmp_path / "released")
    released = Contract.released(tmp_path / "released")
    assert released is not None
    assert broken(released, contract) == dangerous(released, contract) == []
