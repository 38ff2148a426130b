"""What the log keeps of an endpoint."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID


def endpoint_facts(url: str, partner_id: UUID) -> dict[str, Any]:
    """Its host, as the rest of a URL may hold secrets, and the integration whose keys may be told."""
    return {"host": urlsplit(url).hostname, "partner_id": str(partner_id)}
