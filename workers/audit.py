"""The audit is sealed as it settles; what was written behind the seal, by a machine with a wrong clock, at night."""

from typing import Any

import structlog

from app.domains.audit.sealing import seal_audit, seal_strays

log = structlog.get_logger(__name__)


async def seal_settled_audit(context: dict[str, Any]) -> None:
    """Each minute."""
    sealed = await seal_audit(context["database"])
    if sealed:
        log.info("audit_sealed", count=sealed)


async def seal_stray_audit(context: dict[str, Any]) -> None:
    """Each night."""
    sealed = await seal_strays(context["database"])
    if sealed:
        log.warning("stray_audit_sealed", count=sealed)
