"""A field that waits is alone, and only what was asked to wait may take longer."""

from typing import Any

import pytest

from app.api.errors import WaitsBesideOthers
from app.api.operations import Preparer
from app.api.schema import assemble
from app.domains.events.schema import Query
from app.domains.events.schema.polling import LONGEST_WAIT

PREPARER = Preparer(assemble([Query], []))
PAGE = "{ ... on EventPage { cursor } }"


def seconds(text: str, **variables: Any) -> int:
    return PREPARER.prepare(text).waits.seconds(variables)


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        (f"{{ events {PAGE} }}", {}, 0),
        (f"{{ events(wait: 14) {PAGE} __typename }}", {}, 14),
        (f"{{ ...Log }} fragment Log on Query {{ ... {{ events(wait: 14) {PAGE} }} }}", {}, 14),
        (f"{{ events(wait: 2000000000) {PAGE} }}", {}, LONGEST_WAIT),
        (f"{{ events(wait: -1) {PAGE} }}", {}, 0),
        (f"query ($wait: Int! = 0) {{ events(wait: $wait) {PAGE} }}", {"wait": 3}, 3),
        (f"query ($wait: Int) {{ events(wait: $wait) {PAGE} }}", {"wait": None}, 0),
        (f"query ($wait: Int) {{ events(wait: $wait) {PAGE} }}", {}, 0),
        (f"{{ a: events {PAGE} b: events {PAGE} eventTopics {{ name }} }}", {}, 0),
    ],
)
def test_it_may_take_as_much_longer_as_it_was_asked_to_wait(
    text: str, variables: dict[str, Any], expected: int
) -> None:
    assert seconds(text, **variables) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"{{ a: events {PAGE} b: events(wait: 14) {PAGE} }}",
        f"query ($wait: Int!) {{ eventTopics {{ name }} events(wait: $wait) {PAGE} }}",
        f"query ($wait: Int!) {{ ...Two }} fragment Two on Query {{ events(wait: $wait) {PAGE} b: events {PAGE} }}",
        f"{{ eventTopics @skip(if: true) {{ name }} events(wait: 1) {PAGE} }}",
    ],
)
def test_whoever_waits_is_alone(text: str) -> None:
    with pytest.raises(WaitsBesideOthers):
        seconds(text, wait=1)
