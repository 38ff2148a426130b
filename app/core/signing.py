"""Signatures of webhooks: Standard Webhooks, and one over the body alone for receivers that know no better.

webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body"> v1,…
X-Skooly-Signature: sha256=<hex of HMAC-SHA256 over the body>
"""

import base64
import binascii
import hashlib
import hmac
import secrets as random
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32
FEWEST_BYTES = 24
MOST_BYTES = 64


class SecretUnreadable(ValueError):
    """Not `whsec_` and the base64 of 24 to 64 bytes."""


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


def sign(secrets: Sequence[bytes], *, webhook_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each secret. `timestamp` is in seconds since 1970."""
    signed = b"%s.%d.%s" % (webhook_id.encode(), timestamp, body)
    return " ".join(
        f"v1,{base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()}" for secret in secrets
    )


def sign_body(secret: bytes, body: bytes) -> str:
    """The value of `X-Skooly-Signature`. Its key is the secret's bytes, after `whsec_` and base64."""
    return f"sha256={hmac.digest(secret, body, hashlib.sha256).hex()}"
