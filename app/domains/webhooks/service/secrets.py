"""The secrets that sign: made, shown once, sealed, replaced with an overlap."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.bounds import Bounds
from app.core.crypto import Sealed, Vault
from app.core.signing import SecretUnreadable, make_secret, read_secret, show_secret
from app.core.tables import THIS_SCHOOL
from app.domains.webhooks import statements
from app.domains.webhooks.endpoints import headers_context, secret_context
from app.domains.webhooks.errors import OverlapOutOfRange, SecretRefused, TooManySecrets
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import find_endpoint
from app.domains.webhooks.records import EndpointWithSecret, SealedSecret
from app.domains.webhooks.service.locking import lock_endpoint
from app.domains.webhooks.tables import EndpointSecret

OVERLAP = Bounds(0, 168)
"""Hours."""
MOST = 4
"""Secrets that sign at once: each one is a signature in every request."""

NO_HEADERS: Mapping[str, Any] = {
    "headers": {},
    "header_names": [],
    "sealed_headers": None,
    "headers_key_version": None,
}
"""The columns of an endpoint that has none."""


async def rotate_secret(
    session: AsyncSession, owner: Owner, endpoint_id: UUID, *, overlap_hours: int, vault: Vault
) -> EndpointWithSecret:
    """A new secret; those before it sign for `overlap_hours` more, then never again.

    Raises EndpointNotFound, OverlapOutOfRange, TooManySecrets.
    """
    if not OVERLAP.low <= overlap_hours <= OVERLAP.high:
        raise OverlapOutOfRange(field="overlapHours", most=OVERLAP.high)
    await lock_endpoint(session, owner, endpoint_id)
    endpoint = await find_endpoint(session, owner, endpoint_id)
    this = {"endpoint": endpoint_id}
    expired = (await session.scalars(statements.EXPIRE_SECRETS, {**this, "hours": overlap_hours})).all()
    await session.execute(statements.FORGET_SECRETS, this)
    if (await session.scalar(statements.COUNT_SECRETS, this) or 0) >= MOST:
        raise TooManySecrets(most=MOST)
    sealed = await add_secret(session, endpoint_id, make_secret(), vault)
    return EndpointWithSecret(endpoint, sealed, old_until=max(expired, default=None))


async def add_secret(session: AsyncSession, endpoint_id: UUID, secret: bytes, vault: Vault) -> SealedSecret:
    sealed = vault.seal(secret, secret_context(endpoint_id))
    await session.execute(
        insert(EndpointSecret).values(
            school_id=THIS_SCHOOL,
            endpoint_id=endpoint_id,
            ciphertext=sealed.ciphertext,
            key_version=sealed.key_version,
        )
    )
    return SealedSecret(sealed.key_version, base64.b64encode(sealed.ciphertext).decode())


def seal_headers(headers: Mapping[str, str], endpoint_id: UUID, vault: Vault) -> dict[str, Any]:
    """The columns of an endpoint's headers."""
    if not headers:
        return dict(NO_HEADERS)
    sealed = vault.seal(orjson.dumps(dict(headers)), headers_context(endpoint_id))
    return {
        "headers": {},
        "header_names": sorted(headers),
        "sealed_headers": sealed.ciphertext,
        "headers_key_version": sealed.key_version,
    }


def read_own_secret(text: str | None) -> bytes:
    """The owner's, or a new one. Raises SecretRefused."""
    if text is None:
        return make_secret()
    try:
        return read_secret(text)
    except SecretUnreadable:
        raise SecretRefused(field="secret") from None


def unseal(vault: Vault, made: EndpointWithSecret) -> str:
    """The secret as its receiver configures it: for the one answer that shows it."""
    sealed = Sealed(made.secret.key_version, base64.b64decode(made.secret.ciphertext))
    return show_secret(vault.open(sealed, secret_context(made.endpoint.id)))
