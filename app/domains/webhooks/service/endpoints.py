"""Endpoints: made, changed, paused, resumed, deleted. The engine follows what is decided here, by triggers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.crypto import Vault
from app.core.ids import new_id
from app.core.outbound import Target
from app.core.tables import THIS_SCHOOL
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.webhooks import statements
from app.domains.webhooks.errors import EndpointDisabled, TooManyEndpoints
from app.domains.webhooks.facts import endpoint_facts
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import find_endpoint
from app.domains.webhooks.records import EndpointRecord, EndpointWithSecret
from app.domains.webhooks.service.access import refuse_ended, topics_of_keys
from app.domains.webhooks.service.choices import read_choices
from app.domains.webhooks.service.locking import lock_endpoint
from app.domains.webhooks.service.secrets import NO_HEADERS, add_secret, read_own_secret, seal_headers
from app.domains.webhooks.tables import Endpoint

MOST = 50
"""Endpoints of one integration."""


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """`target` was checked by `Destinations`. No `topics` is all that the owner may be told of, and where the school
    itself asks, all that the integration's keys may; `filter` holds (fact, value), `headers` (name, value); without a
    `secret` one is made.
    """

    target: Target
    topics: Sequence[str] = ()
    filter: Sequence[tuple[str, str]] = ()
    payload: str = "thin"
    description: str = ""
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    timeout_seconds: int = 15
    max_in_flight: int = 10
    rate_per_second: int | None = None
    long_tail: bool = False
    secret: str | None = field(default=None, repr=False)


async def create_endpoint(
    session: AsyncSession, owner: Owner, partner_id: UUID, asked: NewEndpoint, vault: Vault
) -> EndpointWithSecret:
    """Makes an endpoint of an integration, which gets what happens from now on.

    Raises TooManyEndpoints, TopicError, EndpointInvalid, SecretRefused, HeaderRefused, InvalidInput.
    """
    names = [name for name in NewEndpoint.__dataclass_fields__ if name != "secret"]
    columns = read_choices(owner, {name: getattr(asked, name) for name in names})
    secret = read_own_secret(asked.secret)
    await session.execute(statements.LOCK_PARTNER, {"partner": partner_id})
    have = await session.scalar(statements.COUNT_ENDPOINTS, {"partner": partner_id})
    if (have or 0) >= MOST:
        raise TooManyEndpoints(most=MOST)
    columns["topics"] = columns["topics"] or await topics_of_keys(session, partner_id, columns["filter"])
    endpoint_id = new_id()
    columns |= seal_headers(columns["headers"], endpoint_id, vault)
    made = insert(Endpoint).values(school_id=THIS_SCHOOL, id=endpoint_id, partner_id=partner_id, **columns)
    await session.execute(made)
    await refuse_ended(session, endpoint_id, "topics")
    sealed = await add_secret(session, endpoint_id, secret, vault)
    return EndpointWithSecret(await find_endpoint(session, owner, endpoint_id), sealed)


async def update_endpoint(
    session: AsyncSession, owner: Owner, endpoint_id: UUID, changes: Mapping[str, Any], vault: Vault
) -> EndpointRecord:
    """Changes what `changes` names, as in NewEndpoint but for the secret. What waits already goes out as it is now,
    or is cancelled where the endpoint no longer wants it.

    Raises EndpointNotFound and what `create_endpoint` raises.
    """
    await lock_endpoint(session, owner, endpoint_id)
    columns = read_choices(owner, changes)
    if "headers" in columns:
        columns |= seal_headers(columns["headers"], endpoint_id, vault)
    if columns:
        await session.execute(_this(endpoint_id).values(**columns))
    return await find_endpoint(session, owner, endpoint_id)


async def pause_endpoint(session: AsyncSession, owner: Owner, endpoint_id: UUID) -> EndpointRecord:
    """Holds what is on its way and what comes, until it is resumed. Raises EndpointNotFound."""
    if await lock_endpoint(session, owner, endpoint_id) == "active":
        await session.execute(_this(endpoint_id).values(status="paused"))
    return await find_endpoint(session, owner, endpoint_id)


async def resume_endpoint(session: AsyncSession, owner: Owner, endpoint_id: UUID) -> EndpointRecord:
    """Lets go what was held; one that had been disabled also gets what happened meanwhile.

    Raises EndpointNotFound, AccessEnded.
    """
    if await lock_endpoint(session, owner, endpoint_id) != "active":
        await session.execute(_this(endpoint_id).values(status="active", disabled_reason=None, disabled_at=None))
        await refuse_ended(session, endpoint_id, "endpointId")
    return await find_endpoint(session, owner, endpoint_id)


async def delete_endpoint(session: AsyncSession, owner: Owner, endpoint_id: UUID) -> EndpointRecord:
    """Cancels what is on its way and forgets its secrets and headers; gives it as it was. Raises EndpointNotFound."""
    await lock_endpoint(session, owner, endpoint_id)
    before = await find_endpoint(session, owner, endpoint_id)
    await session.execute(_this(endpoint_id).values(status="deleted", **NO_HEADERS))
    await session.execute(statements.FORGET_ALL_SECRETS, {"endpoint": endpoint_id})
    return before


async def send_test_event(session: AsyncSession, owner: Owner, endpoint_id: UUID) -> EndpointRecord:
    """Puts an event into the log that goes to this endpoint alone, whatever its topics and filter.

    Raises EndpointNotFound, EndpointDisabled.
    """
    endpoint = await find_endpoint(session, owner, endpoint_id)
    if endpoint.status == "disabled":
        raise EndpointDisabled(field="endpointId")
    partner_id = await session.scalar(select(col(Endpoint.partner_id)).where(*_is(endpoint_id)))
    assert partner_id is not None
    facts = endpoint_facts(endpoint.url, partner_id)
    record_event(session, Topic.ENDPOINT_TESTED, subject=endpoint_id, facts=facts)
    return endpoint


def _this(endpoint_id: UUID) -> Any:
    return update(Endpoint).where(*_is(endpoint_id))


def _is(endpoint_id: UUID) -> tuple[Any, Any]:
    return col(Endpoint.school_id) == THIS_SCHOOL, col(Endpoint.id) == endpoint_id
