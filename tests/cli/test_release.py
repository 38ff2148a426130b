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
DATA = {
    "type": "object",
    "properties": {"balance": {"type": "integer"}, "currency": {"type": "string"}},
    "required": ["balance", "currency"],
}
EVENT = {"payload": {"allOf": [{}, {"properties": {"schemaversion": {"const": 1}}}]}}
ASYNCAPI = {"components": {"messages": {"wallet.low": EVENT}, "schemas": {"wallet.low.v1": DATA}}}


@pytest.fixture
def sample() -> Contract:
    openapi, asyncapi = (orjson.dumps(each).decode() for each in (OPENAPI, ASYNCAPI))
    return Contract(SCHEMA, SCOPES, openapi, asyncapi, "1.4.0")


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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"balance":{"type":"integer"},', "", "`wallet.low.v1`: `balance` is gone. A newer `version`"),
        ('"type":"integer"', '"type":"string"', "`wallet.low.v1`: `balance` is told otherwise. A newer `version`"),
        ('["balance","currency"]', '["currency"]', "`wallet.low.v1`: `balance` is no longer always told. A newer"),
        ('{"wallet.low":', '{"wallet.empty":', "`wallet.low`: no longer sent."),
        ('"wallet.low.v1"', '"wallet.low.v0"', "`wallet.low.v1`: taken away without a newer version. A newer"),
    ],
)
def test_a_broken_promise_of_events_is_named_by_its_topic_and_version(
    sample: Contract, old: str, new: str, said: str
) -> None:
    (change,) = broken(sample, changed(sample, asyncapi=(old, new)))
    assert str(change).startswith(said)
    with pytest.raises(PromiseBroken, match=r"Clients of 1\.4\.0 would break"):
        refuse_broken(sample, changed(sample, asyncapi=(old, new)), frozenset())
    refuse_broken(sample, changed(sample, asyncapi=(old, new)), frozenset({change.coordinate}))


def test_a_newer_version_of_a_topic_tells_what_it_likes(sample: Contract) -> None:
    newer = changed(
        changed(changed(sample, asyncapi=('"const":1', '"const":2')), asyncapi=("low.v1", "low.v2")),
        asyncapi=('"balance":{"type":"integer"},', ""),
    )
    assert broken(sample, newer) == []
    later = changed(sample, asyncapi=('"currency":{', '"later":{"type":"string"},"currency":{'))
    assert broken(sample, later) == []


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
