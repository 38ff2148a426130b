"""From the settings to what calls receivers: who may be called, who is asked for names, and the sender."""

from urllib.parse import urlsplit

import structlog

from app.core.descriptors import descriptor_limit
from app.core.outbound import Client, NameServers, Policy, Resolver, verifying_context
from app.core.outbound.destinations import Destinations
from app.core.outbound.pool import MOST, Pool
from app.core.outbound.urls import DEFAULT_PORTS
from app.delivery.options import MOST_UNDER_WAY, Options
from app.delivery.sender import HttpSender
from app.settings import Settings

log = structlog.get_logger(__name__)

OTHER_DESCRIPTORS = 256
"""For all but requests: the database, Valkey, the log, metrics."""
FEWEST_KEPT = 32


def policy_of(settings: Settings) -> Policy:
    """Logs a warning where the settings open what production never opens."""
    if not settings.outbound_development:
        return Policy(frozenset(settings.outbound_ports), own=_own(settings.public_url))
    log.warning(
        "outbound_open_for_development",
        variable="SKOOLY_OUTBOUND_DEVELOPMENT",
        means="webhooks reach loopback, private networks and plain http: unset it in production",
    )
    return Policy.development(frozenset(settings.outbound_ports), own=_own(settings.public_url))


def make_sender(settings: Settings, options: Options) -> HttpSender:
    """Close it when the process ends."""
    policy, pool = policy_of(settings), Pool(most_kept(descriptor_limit(), options))
    return HttpSender(Client(policy, _name_servers(settings), verifying_context(), pool), policy)


def most_kept(descriptors: int, options: Options) -> int:
    """Of connections that wait for another request: what requests under way and everything else leave to them."""
    return min(MOST, max(FEWEST_KEPT, descriptors - options.most - OTHER_DESCRIPTORS))


def most_under_way(descriptors: int) -> int:
    """Requests, each with a socket of its own."""
    return max(1, min(MOST_UNDER_WAY, descriptors - FEWEST_KEPT - OTHER_DESCRIPTORS))


def make_destinations(settings: Settings) -> Destinations:
    """For whoever saves endpoints."""
    policy = policy_of(settings)
    return Destinations(policy, Resolver(_name_servers(settings), policy))


def _name_servers(settings: Settings) -> NameServers:
    return NameServers([str(address) for address in settings.name_servers], settings.name_server_port)


def _own(public_url: str) -> tuple[str, int]:
    """The host and port under which this installation is known."""
    parts = urlsplit(public_url)
    return (parts.hostname or "").rstrip("."), parts.port or DEFAULT_PORTS.get(parts.scheme, 443)
