"""The text of a key: its shape, its checksum, what is stored of it."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from app.core import api_keys
from app.core.api_keys import ALPHABET, checksum, digest, key_id_of, make_key, matches

base62 = st.text(ALPHABET)
modes = st.sampled_from(["live", "test"])


@given(modes)
def test_a_new_key_has_the_documented_shape(mode: api_keys.Mode) -> None:
    key = make_key(mode)
    prefix, kind, key_id, rest = key.text.split("_")
    assert (prefix, kind, key_id) == ("sk", mode, key.key_id)
    assert (len(key_id), len(rest)) == (12, 36)
    assert set(key_id + rest) <= set(ALPHABET)
    assert key_id_of(key.text) == key.key_id


def test_a_new_key_does_not_show_itself() -> None:
    key = make_key()
    assert key.text not in repr(key)


@given(st.text())
def test_a_checksum_reads_back_as_the_crc32(body: str) -> None:
    number = 0
    for digit in checksum(body):
        number = number * 62 + ALPHABET.index(digit)
    assert number == zlib.crc32(body.encode())


@given(st.integers(min_value=8, max_value=56), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(position: int, character: str) -> None:
    """CRC32 notices every change of one character; a changed checksum no longer matches its body."""
    text = make_key().text
    position = min(position, len(text) - 1)
    changed = text[:position] + character + text[position + 1 :]
    assert key_id_of(changed) is None or changed == text


@given(st.text())
def test_anything_else_is_no_key(text: str) -> None:
    assert key_id_of(text) is None


@given(base62)
def test_trailing_text_is_refused(more: str) -> None:
    assert key_id_of(make_key().text + more + "\n") is None


@given(st.binary(min_size=32), st.binary(min_size=32))
def test_only_the_right_key_and_pepper_match(pepper: bytes, other: bytes) -> None:
    one, two = make_key().text, make_key().text
    stored = digest(one, pepper)
    assert len(stored) == 32
    assert matches(one, stored, pepper)
    assert not matches(two, stored, pepper)
    # HMAC pads a short key with zeros and hashes a long one: equal after that means the same pepper.
    assert matches(one, stored, other) == (digest(one, other) == stored)
