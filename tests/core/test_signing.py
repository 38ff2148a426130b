"""Signatures, read by the official library as a receiver reads them."""

import base64
import hashlib
import hmac
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.core.signing import (
    FEWEST_BYTES,
    MOST_BYTES,
    SecretUnreadable,
    Signer,
    make_secret,
    read_secret,
    show_secret,
    sign,
    sign_body,
)

BODY = '{"name":"Aïssatou N’Diaye – 学校"}'.encode()


def _headers(secrets: list[bytes], body: bytes, webhook_id: str = "msg_1") -> dict[str, str]:
    timestamp = int(time.time())
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(
            [Signer(secret) for secret in secrets], webhook_id=webhook_id, timestamp=timestamp, body=body
        ),
    }


def test_the_official_library_verifies_raw_bytes_with_accents() -> None:
    secret = make_secret()
    assert Webhook(show_secret(secret)).verify(BODY, _headers([secret], BODY)) == {"name": "Aïssatou N’Diaye – 学校"}


def test_one_changed_byte_or_another_id_is_refused() -> None:
    secret = make_secret()
    headers = _headers([secret], BODY)
    for body, sent in ((BODY.replace("ï".encode(), b"i"), headers), (BODY, {**headers, "webhook-id": "msg_2"})):
        with pytest.raises(WebhookVerificationError):
            Webhook(show_secret(secret)).verify(body, sent)


def test_while_a_secret_is_rotated_both_verify() -> None:
    old, new, other = make_secret(), make_secret(), make_secret()
    headers = _headers([new, old], BODY)
    for secret in (old, new):
        Webhook(show_secret(secret)).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(show_secret(other)).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(show_secret(old)).verify(BODY, _headers([new], BODY))


@given(st.binary(min_size=FEWEST_BYTES, max_size=MOST_BYTES))
def test_a_secret_survives_its_text(secret: bytes) -> None:
    assert read_secret(show_secret(secret)) == secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(FEWEST_BYTES - 1)).decode(),
        "whsec_" + base64.b64encode(bytes(MOST_BYTES + 1)).decode(),
        "whsec_" + "é" * 40,
        "whsec_ " + base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(32)).decode()[:-1],
    ],
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(SecretUnreadable):
        read_secret(text)


def test_a_legacy_receiver_needs_the_body_alone() -> None:
    secret = make_secret()
    expected = hmac.new(base64.b64decode(show_secret(secret)[6:]), BODY, hashlib.sha256).hexdigest()
    assert sign_body(Signer(secret), BODY) == f"sha256={expected}"
