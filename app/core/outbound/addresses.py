"""Which addresses are public: said network by network.

`ipaddress.is_global` is not enough: it takes NAT64, 6to4, IPv4-compatible, site-local, documentation and multicast
addresses for global ones. An IPv6 address that carries an IPv4 one is judged by what it carries, or refused.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NOT_PUBLIC: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers, and metadata of some clouds
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols, metadata of one cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT relays
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
PUBLIC_IPV6 = IPv6Network("2000::/3")
"""All that is assigned for global use; what lies in it and is none is listed below."""
NOT_PUBLIC_IPV6: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # protocols: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
NAT64 = IPv6Network("64:ff9b::/96")
PRIVATE: tuple[Network, ...] = tuple(
    ip_network(text) for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
"""What a developer's own receiver may live on. Link-local addresses, where clouds keep their secrets, are not here."""


def is_public(address: Address) -> bool:
    """Whether a packet to it leaves for the Internet and nothing nearer."""
    carried = _carried(address)
    if isinstance(carried, IPv4Address):
        return not _within(carried, NOT_PUBLIC)
    return carried in PUBLIC_IPV6 and not _within(carried, NOT_PUBLIC_IPV6)


def is_open(address: Address, opened: tuple[Network, ...]) -> bool:
    """Whether it may be dialled: public, or inside one of the networks `opened` by the configuration."""
    return is_public(address) or _within(_unmapped(address), opened)


def _carried(address: Address) -> Address:
    """The IPv4 address behind a translator's. 6to4, Teredo and the other forms that carry one are never public."""
    if isinstance(address, IPv6Address) and address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return _unmapped(address)


def _unmapped(address: Address) -> Address:
    """`::ffff:a.b.c.d` is how a socket of both families writes an IPv4 peer."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
