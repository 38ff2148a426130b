"""Looking at endpoints, deliveries and attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import first_id_at
from app.core.pagination import Page
from app.domains.webhooks import statements
from app.domains.webhooks.errors import DeliveryNotFound, EndpointNotFound
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.records import AskedDelivery, AttemptRecord, DeliveryKey, DeliveryRecord, EndpointRecord


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries. `since` is when the event was recorded; `states` and `topic` are those of the tables."""

    endpoint_id: UUID | None = None
    states: tuple[str, ...] = ()
    topic: str | None = None
    since: datetime | None = None


async def list_endpoints(
    session: AsyncSession, owner: Owner, *, first: int, after: UUID | None = None
) -> Page[EndpointRecord]:
    """A page in the order of their making."""
    found = await session.execute(statements.LIST_ENDPOINTS, {**owner.sight, "after": after, "most": first + 1})
    return Page.cut([_endpoint(row) for row in found], first)


async def find_endpoint(session: AsyncSession, owner: Owner, endpoint_id: UUID) -> EndpointRecord:
    """Raises EndpointNotFound, also for one of another integration, and for one that is told more than this key."""
    found = await session.execute(statements.FIND_ENDPOINT, {**owner.sight, "endpoint": endpoint_id})
    row = found.one_or_none()
    if row is None:
        raise EndpointNotFound(field="endpointId", endpoint=endpoint_id)
    return _endpoint(row)


async def list_deliveries(
    session: AsyncSession, owner: Owner, which: DeliveryFilter, *, first: int, after: DeliveryKey | None = None
) -> Page[DeliveryRecord]:
    """A page, the latest event first."""
    statement = statements.list_deliveries(
        endpoint=which.endpoint_id is not None,
        states=which.states,
        topic=which.topic is not None,
        since=which.since is not None,
        after=after is not None,
    )
    values: dict[str, Any] = {
        **owner.sight,
        "most": first + 1,
        "endpoint": which.endpoint_id,
        "topic": which.topic,
        "since": which.since and first_id_at(which.since),
        "event": after and after.event_id,
        "after_endpoint": after and after.endpoint_id,
        "replay": after and after.replay,
    }
    found = await session.execute(text(statement), values)
    return Page.cut([_delivery(row) for row in found], first)


async def find_delivery(session: AsyncSession, owner: Owner, delivery_id: str) -> DeliveryRecord:
    """Raises DeliveryNotFound, also for one of an endpoint or an event that is out of sight."""
    asked = AskedDelivery.read(delivery_id)
    row = None
    if asked is not None:
        values = {"endpoint": asked.endpoint_id, "event": asked.event_id, "replay": asked.replay}
        found = await session.execute(statements.FIND_DELIVERY, {**owner.sight, **values})
        row = found.one_or_none()
    if row is None:
        raise DeliveryNotFound(field="deliveryId", delivery=delivery_id[:80])
    return _delivery(row)


async def attempts_of(session: AsyncSession, keys: Sequence[DeliveryKey]) -> list[list[AttemptRecord]]:
    """The attempts of each delivery, in their order; one statement for them all."""
    found = await session.execute(
        statements.ATTEMPTS,
        {
            "endpoints": [key.endpoint_id for key in keys],
            "events": [key.event_id for key in keys],
            "replays": [key.replay for key in keys],
        },
    )
    attempts: dict[DeliveryKey, list[AttemptRecord]] = {key: [] for key in keys}
    for row in found:
        attempts[DeliveryKey(row.endpoint_id, row.event_id, row.replay)].append(_attempt(row))
    return [attempts[key] for key in keys]


def _endpoint(row: Row[Any]) -> EndpointRecord:
    values = row._asdict()
    values["topics"] = tuple(values["topics"])
    values["header_names"] = tuple(sorted(values["header_names"]))
    return EndpointRecord(**values)


def _delivery(row: Row[Any]) -> DeliveryRecord:
    return DeliveryRecord(
        key=DeliveryKey(row.endpoint_id, row.event_id, row.replay),
        topic=row.type,
        occurred_at=row.occurred_at,
        state=row.state,
        attempts=row.attempt_no,
        next_at=row.next_at,
        created_at=row.created_at,
    )


def _attempt(row: Row[Any]) -> AttemptRecord:
    return AttemptRecord(
        number=row.number,
        at=row.at,
        outcome=row.outcome,
        status=row.status_code,
        error=row.error_class,
        remote_ip=row.remote_ip,
        latency_ms=row.latency_ms,
        response=None if row.response is None else row.response.decode("utf-8", "replace"),
    )
