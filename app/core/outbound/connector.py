"""How a request gets to its receiver: on a connection that is kept, or on a new one."""

from app.core.outbound.connection import Connection
from app.core.outbound.dialler import Dialler
from app.core.outbound.pool import Pool
from app.core.outbound.resolver import Resolver
from app.core.outbound.urls import Target


class Connector:
    """All that the calls of a client share."""

    def __init__(self, resolver: Resolver, pool: Pool, dialler: Dialler) -> None:
        self._resolver = resolver
        self._pool = pool
        self._dialler = dialler

    def at_hand(self, target: Target) -> Connection | None:
        """A kept connection to an address that is still vetted."""
        addresses = self._resolver.known_addresses_of(target)
        return self._pool.take(target.place, addresses) if addresses else None

    async def find(self, target: Target, until: float, *, kept: bool) -> Connection:
        """A connection, one that is `kept` where that will do. `until` is by the monotonic clock.

        Raises NameUnresolved, AddressRefused, ConnectFailed, TlsFailed, NoSocketLeft.
        """
        addresses = await self._resolver.addresses_of(target)
        connection = self._pool.take(target.place, addresses) if kept else None
        return connection or await self._dialler.dial_any(target, addresses, until)

    def give(self, target: Target, connection: Connection) -> None:
        """After an answer, for the next request there."""
        self._pool.give(target.place, connection)
