"""Secrets at rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.crypto import CannotOpen, Sealed, Vault

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_was_sealed_opens_in_its_row(plain: bytes, context: bytes) -> None:
    vault = Vault({1: OLD})
    sealed = vault.seal(plain, context)
    assert vault.open(sealed, context) == plain
    assert plain not in sealed.ciphertext or len(plain) < 8


def test_it_is_another_ciphertext_each_time() -> None:
    vault = Vault({1: OLD})
    assert vault.seal(b"secret", b"row").ciphertext != vault.seal(b"secret", b"row").ciphertext


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    before = Vault({1: OLD}).seal(b"secret", b"row")
    vault = Vault({1: OLD, 2: NEW})
    assert vault.open(before, b"row") == b"secret"
    assert vault.seal(b"secret", b"row").key_version == vault.newest == 2


@pytest.mark.parametrize("at", [0, 11, 12, -17, -1])
def test_a_changed_byte_is_noticed(at: int) -> None:
    vault = Vault({1: OLD})
    sealed = vault.seal(b"a secret", b"row")
    changed = bytearray(sealed.ciphertext)
    changed[at] ^= 1
    with pytest.raises(CannotOpen):
        vault.open(Sealed(1, bytes(changed)), b"row")


@pytest.mark.parametrize(
    "other",
    [
        (Vault({1: OLD}), "another row"),
        (Vault({1: NEW}), "row"),
        (Vault({2: OLD}), "row"),
    ],
)
def test_it_opens_nowhere_else_and_under_no_other_key(other: tuple[Vault, str]) -> None:
    vault, row = other
    with pytest.raises(CannotOpen):
        vault.open(Vault({1: OLD}).seal(b"secret", b"row"), row.encode())


def test_a_stump_is_refused() -> None:
    with pytest.raises(CannotOpen):
        Vault({1: OLD}).open(Sealed(1, b"short"), b"row")
