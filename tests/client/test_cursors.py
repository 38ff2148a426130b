"""The cursor on the disk is the old one or the new one, never half of one."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.client import CursorFile, Forgetful
from app.client.messages import Message, lines, read_messages


def test_a_cursor_is_there_for_the_next_program(tmp_path: Path) -> None:
    cursors = CursorFile(tmp_path / "cursor")
    assert cursors.read() is None
    cursors.write("one")
    cursors.write("two")
    assert CursorFile(str(tmp_path / "cursor")).read() == "two"
    assert [each.name for each in tmp_path.iterdir()] == ["cursor"]


def test_what_a_program_left_that_was_killed_while_writing_is_passed_over(tmp_path: Path) -> None:
    CursorFile(tmp_path / "cursor").write("whole")
    (tmp_path / "cursor.new").write_text("ha")
    assert CursorFile(tmp_path / "cursor").read() == "whole"
    (tmp_path / "empty").write_text("")
    assert CursorFile(tmp_path / "empty").read() is None


def test_watching_remembers_nothing() -> None:
    cursors = Forgetful("here")
    assert cursors.read() == "here"
    cursors.write("there")
    assert cursors.read() == "there"


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=20)


@given(st.lists(st.tuples(st.sampled_from(["message", "gap", "closing"]), TEXTS), max_size=5), st.data())
def test_messages_are_read_whatever_pieces_they_come_in(sent: list[tuple[str, str]], data: st.DataObject) -> None:
    text = "retry: 3000\n\n: heartbeat\n\n"
    for name, content in sent:
        text += (f"event: {name}\n" if name != "message" else "") + f"id: x\ndata: {content}\r\n\n"
    body = text.encode() + b"data: broken off"
    pieces = []
    while body:
        size = data.draw(st.integers(1, len(body)))
        pieces.append(body[:size])
        body = body[size:]
    assert list(read_messages(lines(pieces))) == [Message(name, content) for name, content in sent]
