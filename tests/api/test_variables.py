from typing import Any

import pytest

from app.api.errors import BadUserInput
from tests.api.support import Sample

TEXT = "mutation M($input: AbsenceInput!) { recordAbsence(input: $input) { matricule } }"
GOOD = {"matricule": "M1", "on": "2025-01-13"}

BAD: list[tuple[dict[str, Any], str, str]] = [
    ({}, "input", "a value is required"),
    ({"input": None}, "input", "null is not accepted"),
    ({"input": "text"}, "input", "an object is expected"),
    ({"input": {"matricule": "M"}}, "input.on", "a value is required"),
    ({"input": GOOD | {"on": None}}, "input.on", "null is not accepted"),
    ({"input": GOOD | {"on": ""}}, "input.on", "a date YYYY-MM-DD is expected"),
    ({"input": GOOD | {"on": "13/01/2025"}}, "input.on", "a date YYYY-MM-DD is expected"),
    ({"input": GOOD | {"matricule": 1}}, "input.matricule", "a string is expected"),
    ({"input": GOOD | {"matricule": ["M"]}}, "input.matricule", "a string is expected"),
    ({"input": GOOD | {"nope": 1}}, "input.nope", "unknown field"),
    ({"input": GOOD | {"status": "LOST"}}, "input.status", "one of these is expected: ENROLLED, GRADUATED"),
    (
        {"input": GOOD | {"lines": [{"hours": 1}, {"hours": "x"}]}},
        "input.lines.1.hours",
        "a 32-bit integer is expected",
    ),
    ({"input": GOOD | {"lines": [{"hours": 1.5}]}}, "input.lines.0.hours", "a 32-bit integer is expected"),
    ({"input": GOOD | {"lines": [{"hours": 2**40}]}}, "input.lines.0.hours", "a 32-bit integer is expected"),
    ({"input": GOOD | {"lines": [{"hours": True}]}}, "input.lines.0.hours", "a 32-bit integer is expected"),
    ({"input": GOOD | {"lines": [{"hours": 1.2e300}]}}, "input.lines.0.hours", "a 32-bit integer is expected"),
    ({"input": GOOD, "other": 1}, "other", "the operation has no such variable"),
    ({"input": GOOD | {"matricule": "a\x00b"}}, "input.matricule", "control characters are not allowed"),
    ({"input": GOOD | {"matricule": "a\ud800"}}, "input.matricule", "control characters are not allowed"),
]


@pytest.mark.parametrize(("variables", "path", "reason"), BAD)
async def test_bad_input_is_told_with_its_path(
    sample: Sample, variables: dict[str, Any], path: str, reason: str
) -> None:
    with pytest.raises(BadUserInput) as refusal:
        await sample.run(TEXT, variables)
    assert refusal.value.field == path
    assert refusal.value.message("en") == f"“{path}”: {reason}"
    assert refusal.value.message("fr") != refusal.value.message("en")


async def test_bottomless_input_is_refused(sample: Sample) -> None:
    bottomless: Any = 1
    for _ in range(900):
        bottomless = [bottomless]
    with pytest.raises(BadUserInput) as refusal:
        await sample.run(TEXT, {"input": GOOD | {"lines": bottomless}})
    assert "nested too deeply" in refusal.value.message("en")


async def test_absent_null_and_given_optionals_pass(sample: Sample) -> None:
    for extra in ({}, {"status": None}, {"status": "ENROLLED"}, {"lines": []}, {"lines": {"hours": 1}}):
        outcome = await sample.run(TEXT, {"input": GOOD | extra})
        assert outcome.data == {"recordAbsence": {"matricule": "M1"}}
        assert not outcome.errors
