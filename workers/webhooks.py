"""What the clock reminds the worker of about webhooks. Delivering itself needs no job."""

from dataclasses import asdict
from typing import Any

import structlog

from app.core.crypto import Vault
from app.domains.webhooks.forgetting import forget_responses
from app.domains.webhooks.resealing import reseal
from app.domains.webhooks.retaining import drop_old_months

log = structlog.get_logger(__name__)


async def forget_old_responses(context: dict[str, Any]) -> None:
    """Each night."""
    forgotten = await forget_responses(context["database"])
    if forgotten:
        log.info("webhook_responses_forgotten", count=forgotten)


async def drop_old_deliveries(context: dict[str, Any]) -> None:
    """Each night; there is something to do once a month."""
    dropped = await drop_old_months(context["database"], context["settings"].webhook_days_kept)
    if dropped:
        log.info("old_deliveries_dropped", partitions=dropped)


async def reseal_webhook_secrets(context: dict[str, Any]) -> None:
    """Each night; there is something to do once a newer key is there."""
    done = await reseal(context["database"], Vault(context["settings"].sealing_keys))
    if done.looked_at:
        log.info("webhook_secrets_resealed", **asdict(done))
