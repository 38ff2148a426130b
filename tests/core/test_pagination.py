"""A cursor leads back to its place, and only to that place in that list of that school."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from app.core.errors import InvalidInput
from app.core.pagination import LONGEST_CURSOR, BadCursor, Cursors, Page, Position, page_size

SECRET = "a secret for tests: 32 characters"
CURSORS = Cursors(SECRET)
SCHOOL = UUID("01946010-0000-7000-8000-000000000001")
keys = st.datetimes(timezones=st.just(UTC)) | st.dates() | st.integers() | st.text(max_size=40)
positions = st.builds(Position, keys, st.uuids())
A_MOMENT = datetime(2025, 1, 13, 9, 0, 0, 123456, tzinfo=UTC)
A_POSITION = Position(A_MOMENT, uuid4())


@given(positions, st.uuids(), st.text(min_size=1, max_size=20))
def test_there_and_back(position: Position, school: UUID, connection: str) -> None:
    cursor = CURSORS.write(school, connection, position)
    assert len(cursor) <= LONGEST_CURSOR
    assert CURSORS.read(school, connection, cursor) == position


@given(positions)
def test_a_cursor_can_stand_in_a_url(position: Position) -> None:
    cursor = CURSORS.write(SCHOOL, "students", position)
    assert cursor.isascii()
    assert cursor.replace(".", "").replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("cursors", "school", "connection"),
    [
        (CURSORS, uuid4(), "students"),
        (CURSORS, SCHOOL, "invoices"),
        (Cursors("another secret of 32 characters."), SCHOOL, "students"),
    ],
)
def test_elsewhere_it_is_as_bad_as_a_forged_one(cursors: Cursors, school: UUID, connection: str) -> None:
    with pytest.raises(BadCursor) as refusal:
        cursors.read(school, connection, CURSORS.write(SCHOOL, "students", A_POSITION))
    assert (refusal.value.code, refusal.value.field) == ("BAD_CURSOR", "after")


@given(st.data())
def test_changing_any_character_spoils_it(data: st.DataObject) -> None:
    cursor = CURSORS.write(SCHOOL, "students", A_POSITION)
    place = data.draw(st.integers(0, len(cursor) - 1))
    character = data.draw(st.characters(codec="ascii"))
    changed = cursor[:place] + character + cursor[place + 1 :]
    assume(changed != cursor)
    try:
        assert CURSORS.read(SCHOOL, "students", changed) == A_POSITION  # the unused bits of base64's last character
        assert place == len(cursor) - 1
    except BadCursor:
        pass


@given(st.text(max_size=2 * LONGEST_CURSOR))
def test_garbage_is_a_bad_cursor(garbage: str) -> None:
    with pytest.raises(BadCursor):
        CURSORS.read(SCHOOL, "students", garbage)


@pytest.mark.parametrize("garbage", ["", ".", "..", "\x00", "é.é", "\ud800", "W10.x", "a" * 1_000_000])
def test_known_garbage_is_a_bad_cursor(garbage: str) -> None:
    with pytest.raises(BadCursor):
        CURSORS.read(SCHOOL, "students", garbage)


def test_a_plain_signature_with_the_secret_is_not_enough() -> None:
    forged = URLSafeSerializer(SECRET).dumps(["t", A_MOMENT.isoformat(), A_POSITION.id.hex])
    with pytest.raises(BadCursor):
        CURSORS.read(SCHOOL, "students", forged)


@pytest.mark.parametrize("first", [1, 20, 100])
def test_sensible_pages(first: int) -> None:
    assert page_size(first) == first


@pytest.mark.parametrize("first", [-(2**31), -1, 0, 101, 2**31 - 1])
def test_other_pages_are_refused(first: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        page_size(first)
    assert refusal.value.field == "first"


@given(st.lists(st.integers(), max_size=20), st.integers(1, 19))
def test_the_extra_row_only_says_that_more_follow(rows: list[int], first: int) -> None:
    page = Page.cut(rows[: first + 1], first)
    assert list(page.items) == rows[:first]
    assert page.has_next == (len(rows) > first)
