"""What an integration may be told: what some key of its own, in force now, may read.

The database decides (`closed_topic`) and holds to it when a key ends; here it is asked, and its answer refused by name.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.events.visibility import topics_open_to
from app.domains.webhooks import statements
from app.domains.webhooks.errors import AccessEnded


async def topics_of_keys(session: AsyncSession, partner_id: UUID, chosen: Mapping[str, str]) -> list[str]:
    """Every topic that the integration's keys open, of those for some zones only what is filtered on one of them.

    Raises AccessEnded where there is none.
    """
    keys = await session.execute(statements.KEYS_IN_FORCE, {"partner": partner_id})
    scopes = {scope for key in keys if key.zones is None or chosen.get("zone") in key.zones for scope in key.scopes}
    topics = topics_open_to(scopes)
    if not topics:
        raise AccessEnded(field="topics")
    return sorted(topics)


async def refuse_ended(session: AsyncSession, endpoint_id: UUID, field: str) -> None:
    """Raises AccessEnded where an endpoint as it is now would not be served."""
    if await session.scalar(statements.ACCESS_ENDED, {"endpoint": endpoint_id}):
        raise AccessEnded(field=field)
