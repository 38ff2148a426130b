"""Connections to vetted addresses only, each compared with the peer that it came to."""

import asyncio
import ssl
import time
from collections.abc import Sequence

from app.core.outbound.addresses import Address
from app.core.outbound.connection import Connection
from app.core.outbound.errors import NO_SOCKET, AddressRefused, CallFailed, ConnectFailed, NoSocketLeft, TlsFailed
from app.core.outbound.policy import Policy
from app.core.outbound.urls import Target, parse_address

LONGEST_HANDSHAKE = 15.0


class Dialler:
    """`tls` is the context that verifies certificates; see `verifying_context`."""

    def __init__(self, policy: Policy, tls: ssl.SSLContext) -> None:
        self._policy = policy
        self._tls = tls

    async def dial_any(self, target: Target, addresses: Sequence[Address], until: float) -> Connection:
        """The first address that answers; all but the last are given a share of the time that is left.

        Raises ConnectFailed, TlsFailed, AddressRefused, NoSocketLeft.
        """
        share = (until - time.monotonic()) / (len(addresses) + 1)
        for address in addresses[:-1]:
            try:
                async with asyncio.timeout(share):
                    return await self._dial(target, address)
            except (ConnectFailed, TimeoutError):
                continue
        return await self._dial(target, addresses[-1])

    async def _dial(self, target: Target, address: Address) -> Connection:
        try:
            return await self._connect(target, address)
        except CallFailed as failure:
            failure.address = address
            raise

    async def _connect(self, target: Target, address: Address) -> Connection:
        secure = target.scheme == "https"
        try:
            transport, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(address),
                str(address),
                target.port,
                ssl=self._tls if secure else None,
                server_hostname=target.host if secure else None,
                ssl_handshake_timeout=LONGEST_HANDSHAKE if secure else None,
            )
        except ssl.SSLError as error:
            raise TlsFailed(reason=_reason(error)) from error
        except OSError as error:
            raise (NoSocketLeft if error.errno in NO_SOCKET else ConnectFailed) from error
        if not is_peer(transport, address) or not self._policy.takes_address(address):
            connection.abort()
            raise AddressRefused(host=target.host)
        return connection


def is_peer(transport: asyncio.BaseTransport, address: Address) -> bool:
    """Whether the connection ends where it was meant to."""
    peer = transport.get_extra_info("peername")
    return bool(peer) and parse_address(peer[0]) == address


def _reason(error: ssl.SSLError) -> str:
    """A name of OpenSSL's, without what follows a comma: it repeats the host."""
    text = str(getattr(error, "verify_message", "") or error.reason or "TLS")
    return text.partition(",")[0].replace("_", " ").lower()
