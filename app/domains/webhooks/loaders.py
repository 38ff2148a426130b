"""What the items of a list ask for one by one, fetched together."""

from collections.abc import Sequence

from app.core.graph.context import Context
from app.domains.webhooks.reads import attempts_of
from app.domains.webhooks.records import AttemptRecord, DeliveryKey


async def attempts_by_delivery(context: Context, keys: Sequence[DeliveryKey]) -> Sequence[list[AttemptRecord]]:
    async with context.read() as session:
        return await attempts_of(session, keys)
