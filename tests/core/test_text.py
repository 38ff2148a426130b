"""Identifiers as people type them come out as one stored key."""

import time

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.core.text import (
    IDENTIFIER,
    Form,
    normalise_badge,
    normalise_code,
    normalise_matricule,
    refuse_control_characters,
)


@pytest.mark.parametrize(
    "typed", ["2024/INF/0123", "2024/inf/0123", "  2024/Inf/0123 ", "2024/INF/0123\u00a0", "2024/INF/0123\u2003"]
)
def test_case_and_outer_spaces_do_not_matter(typed: str) -> None:
    assert normalise_matricule(typed) == "2024/INF/0123"


def test_inner_spaces_are_single() -> None:
    assert normalise_matricule("etu  2024\u00a012") == "ETU 2024 12"


def test_accents_are_kept_and_composed() -> None:
    assert normalise_matricule("e\u0301te\u0301.7") == "ÉTÉ.7"


def test_badges_are_upper_cased() -> None:
    assert normalise_badge(" 04a2b3c4 ") == "04A2B3C4"


@pytest.mark.parametrize("typed", ["", " ", "\u00a0", "x" * (IDENTIFIER.longest + 1)])
def test_nothing_and_too_much_are_refused(typed: str) -> None:
    for normalise in (normalise_matricule, normalise_badge):
        with pytest.raises(InvalidInput):
            normalise(typed)


@pytest.mark.parametrize("character", ["\x00", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\ud800", "\udfff"])
def test_control_characters_and_lone_surrogates_are_refused(character: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        refuse_control_characters(f"a{character}b", "reason")
    assert refusal.value.field == "reason"


def test_the_field_at_fault_is_named() -> None:
    for normalise, field in ((normalise_badge, "nfc"), (normalise_matricule, "matricule")):
        with pytest.raises(InvalidInput) as refusal:
            normalise("")
        assert refusal.value.field == field
    with pytest.raises(InvalidInput) as refusal:
        normalise_code("", "zone")
    assert refusal.value.field == "zone"


@given(st.text(max_size=IDENTIFIER.longest // 3))
@example("\u0390\u0301")
@example("ŉ ǰ")
def test_normalising_twice_changes_nothing(typed: str) -> None:
    for normalise in (normalise_matricule, normalise_badge):
        try:
            once = normalise(typed)
        except InvalidInput:
            continue
        assert once
        assert normalise(once) == once


def test_what_upper_case_lengthens_is_measured_as_it_was_typed() -> None:
    """Nobody can tell from the contract that "ß" becomes two characters."""
    assert normalise_badge("ß" * IDENTIFIER.longest) == "SS" * IDENTIFIER.longest


@pytest.mark.parametrize("form", [Form(8), Form(8, blank=True)])
@given(text=st.text(st.characters(codec="utf-8"), max_size=10) | st.text(" a\x00\t\n\x85\u00a0\u2003", max_size=10))
def test_a_form_takes_what_its_schema_takes(form: Form, text: str) -> None:
    promised = jsonschema_rs.validator_for({"type": "string", **form.keywords}).is_valid(text)
    try:
        taken = form.read(text, "field") == text.strip()
    except InvalidInput as refusal:
        taken = False
        assert refusal.field == "field"
    assert taken is promised


@given(st.text(max_size=IDENTIFIER.longest))
def test_whatever_passes_can_be_stored(typed: str) -> None:
    try:
        stored = normalise_badge(typed)
    except InvalidInput:
        return
    assert "\x00" not in stored
    assert stored.encode().decode() == stored


def test_a_long_run_of_marks_is_refused_before_it_is_composed() -> None:
    """Putting marks in order is quadratic: the 64 KB of a body would hold the process for three seconds."""
    started = time.process_time()
    with pytest.raises(InvalidInput):
        normalise_matricule("a" + "\u0315" * 15_000 + "\u0327" * 15_000)
    assert time.process_time() - started < 0.5
