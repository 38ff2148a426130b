"""Who changes an endpoint holds it: what is decided about it is decided one after another."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.webhooks import statements
from app.domains.webhooks.errors import EndpointNotFound
from app.domains.webhooks.owners import Owner


async def lock_endpoint(session: AsyncSession, owner: Owner, endpoint_id: UUID) -> str:
    """Its status, which stays so until the transaction ends.

    A key gets hold of no endpoint that is told more than the key may read: it could turn it to a server of its own.
    Raises EndpointNotFound.
    """
    values = {**owner.sight, "endpoint": endpoint_id}
    row = (await session.execute(statements.LOCK_ENDPOINT, values)).one_or_none()
    if row is None:
        raise EndpointNotFound(field="endpointId", endpoint=endpoint_id)
    return str(row.status)
