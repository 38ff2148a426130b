"""What may be called: the production rule, and what a developer may open."""

from dataclasses import dataclass

from app.core.outbound.addresses import PRIVATE, Address, Network, is_open

PORTS = (443, 8443)


@dataclass(frozen=True, slots=True)
class Policy:
    """`own` is the (host, port) of this installation: an endpoint there would have Skooly call itself."""

    ports: frozenset[int] = frozenset(PORTS)
    opened: tuple[Network, ...] = ()
    insecure: bool = False
    """Plain http, names without a dot and any port from 1024: for development."""
    own: tuple[str, int] | None = None

    @classmethod
    def development(cls, ports: frozenset[int] = frozenset(PORTS), own: tuple[str, int] | None = None) -> "Policy":
        """Loopback and private networks too, over http too. Never in production: partners choose the URLs."""
        return cls(ports, opened=PRIVATE, insecure=True, own=own)

    @property
    def schemes(self) -> tuple[str, ...]:
        return ("https", "http") if self.insecure else ("https",)

    def takes_port(self, port: int) -> bool:
        return port in self.ports or (self.insecure and 1024 <= port <= 65535)

    def takes_address(self, address: Address) -> bool:
        return is_open(address, self.opened)

    def is_own(self, host: str, port: int) -> bool:
        """A developer's receiver may share the host with Skooly, not the port."""
        if self.own is None or host != self.own[0]:
            return False
        return not self.insecure or port == self.own[1]
