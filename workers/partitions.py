"""The big tables never run out of partitions."""

from typing import Any

import structlog

from app.core.partitions import ensure_partitions

log = structlog.get_logger(__name__)


async def keep_partitions_ahead(context: dict[str, Any]) -> None:
    """Each night and at each start; makes months ahead, so that missing some nights is harmless."""
    made = await ensure_partitions(context["database"])
    if made:
        log.info("partitions_made", count=len(made))
