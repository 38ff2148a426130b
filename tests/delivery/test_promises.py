"""The list of promises in README.md names tests that there are, and leaves none of the 25 out."""

import re

from tests.support.platform import CHECKOUT

TESTS = CHECKOUT / "tests"
ROWS = re.findall(r"^\| (\d+) \| (.*)$", (TESTS / "delivery" / "README.md").read_text(), re.MULTILINE)


def test_every_promise_has_a_test() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 26))
    for number, row in ROWS:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        assert named, f"promise {number} names no test"
        for file, test in named:
            assert f"def {test}(" in (TESTS / file).read_text(), f"{file}::{test}"
