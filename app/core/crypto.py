"""Secrets at rest: AES-256-GCM under keys that are not in the database, by version.

The newest version seals; every version that is still configured opens, so that a key can be replaced while rows sealed
under the old one are read and sealed again.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class CannotOpen(Exception):
    """The key of that version is not configured, or the ciphertext was changed or belongs to another row."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """`ciphertext` begins with its nonce."""

    key_version: int
    ciphertext: bytes


class Vault:
    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """`keys`: 32 bytes each, by version; at least one."""
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._newest = max(keys)

    @property
    def newest(self) -> int:
        """The version that seals."""
        return self._newest

    def seal(self, plain: bytes, context: bytes) -> Sealed:
        """`context` names the row that holds it: sealed there, it opens nowhere else."""
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(self._newest, nonce + self._ciphers[self._newest].encrypt(nonce, plain, context))

    def open(self, sealed: Sealed, context: bytes) -> bytes:
        """Raises CannotOpen, which says nothing of the content."""
        cipher = self._ciphers.get(sealed.key_version)
        if cipher is None:
            raise CannotOpen(f"no key of version {sealed.key_version} is configured")
        nonce, encrypted = sealed.ciphertext[:NONCE_BYTES], sealed.ciphertext[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, encrypted, context)
        except (InvalidTag, ValueError):
            raise CannotOpen("the ciphertext does not belong to this row and key") from None
