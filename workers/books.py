"""The books catch up: what waited for an open period is posted."""

from typing import Any

import structlog

from app.domains.finance.service import post_waiting_everywhere

log = structlog.get_logger(__name__)


async def post_waiting_facts(context: dict[str, Any]) -> None:
    """Every few minutes: an accountant who opens a period need not think of it."""
    posted = await post_waiting_everywhere(context["database"])
    if posted:
        log.info("waiting_facts_posted", count=posted)
