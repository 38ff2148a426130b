"""Idempotency keys are kept for a week: a device that was offline over a weekend may still repeat itself."""

from datetime import timedelta
from typing import Any

import structlog

from app.core.clock import SystemClock
from app.domains.partners.idempotency import forget_idempotency_keys

KEPT = timedelta(days=7)

log = structlog.get_logger(__name__)


async def forget_old_idempotency_keys(context: dict[str, Any]) -> None:
    """Each night."""
    forgotten = await forget_idempotency_keys(context["database"], SystemClock().now() - KEPT)
    if forgotten:
        log.info("idempotency_keys_forgotten", count=forgotten)
