"""Whose request this is, when trusted proxies stand in between."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from app.web.exchange import Scope, header_values

Networks = Sequence[IPv4Network | IPv6Network]
MOST_HOPS = 20


def client_address(scope: Scope, trusted: Networks) -> str | None:
    """The address of the caller; None when the transport has none (a Unix socket).

    `X-Forwarded-For` is read from the right, and only as far as each address that vouches for the next is trusted:
    whatever stands further left was written by the caller.
    """
    peer = scope.get("client")
    if not peer or not trusted:
        return str(peer[0]) if peer else None
    address = _parsed(peer[0])
    if address is None or not _within(address, trusted):
        return str(address) if address else None
    hops = ",".join(header_values(scope, b"x-forwarded-for")).split(",")
    for hop in reversed(hops[-MOST_HOPS:]):
        forwarded = _parsed(hop.strip())
        if forwarded is None:
            break
        address = forwarded
        if not _within(address, trusted):
            break
    return str(address)


def _within(address: IPv4Address | IPv6Address, networks: Networks) -> bool:
    return any(address in network for network in networks)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
