"""Signatures of webhooks: Standard Webhooks, and one over the body alone for receivers that know no better.

webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body"> v1,…
X-Skooly-Signature: sha256=<hex of HMAC-SHA256 over the body>
"""

import base64
import binascii
import secrets as random
from collections.abc import Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

PREFIX = "whsec_"
SECRET_BYTES = 32
FEWEST_BYTES = 24
MOST_BYTES = 64


class SecretUnreadable(ValueError):
    """Not `whsec_` and the base64 of 24 to 64 bytes."""


class Signer:
    """Signs with one secret. What HMAC makes of its key alone is made once: half of the work for a short body."""

    __slots__ = ("_keyed",)

    def __init__(self, secret: bytes) -> None:
        self._keyed = HMAC(secret, SHA256())

    def digest(self, message: bytes) -> bytes:
        """HMAC-SHA256 of the message."""
        keyed = self._keyed.copy()
        keyed.update(message)
        return keyed.finalize()


def make_secret() -> bytes:
    return random.token_bytes(SECRET_BYTES)


def show_secret(secret: bytes) -> str:
    """As a receiver configures it."""
    return PREFIX + base64.b64encode(secret).decode()


def read_secret(text: str) -> bytes:
    """Raises SecretUnreadable."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SecretUnreadable from None
    if not text.startswith(PREFIX) or not FEWEST_BYTES <= len(secret) <= MOST_BYTES:
        raise SecretUnreadable
    return secret


def sign(signers: Sequence[Signer], *, webhook_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each secret. `timestamp` is in seconds since 1970."""
    signed = b"%b.%d.%b" % (webhook_id.encode(), timestamp, body)
    return " ".join([f"v1,{base64.b64encode(each.digest(signed)).decode()}" for each in signers])


def sign_body(signer: Signer, body: bytes) -> str:
    """The value of `X-Skooly-Signature`. Its key is the secret's bytes, after `whsec_` and base64."""
    return f"sha256={signer.digest(body).hex()}"
