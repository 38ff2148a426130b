"""The books catch up: meals once their day has ended, and what waited for an open period."""

from typing import Any

import structlog

from app.core.clock import SystemClock
from app.domains.access.meal_pieces import post_meals_everywhere
from app.domains.finance.service import post_waiting_everywhere

log = structlog.get_logger(__name__)


async def post_waiting_facts(context: dict[str, Any]) -> None:
    """Every few minutes: an accountant who opens a period need not think of it."""
    posted = await post_waiting_everywhere(context["database"])
    if posted:
        log.info("waiting_facts_posted", count=posted)


async def post_meals(context: dict[str, Any]) -> None:
    """Four times an hour: somewhere a day has just ended."""
    posted = await post_meals_everywhere(context["database"], SystemClock())
    if posted:
        log.info("meals_posted", pieces=posted)
