"""Calls to servers that partners name: dialled at vetted addresses only, and over in a given time whatever they do.

No redirect is followed, no proxy is asked, nothing is decompressed. The name stays in the Host header and in the TLS
handshake; the address comes from one look-up and is compared with the peer's afterwards.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import certifi

from app.core.outbound.addresses import Address
from app.core.outbound.answer import Answer
from app.core.outbound.connection import Connection, Stale
from app.core.outbound.deadlines import Deadlines
from app.core.outbound.errors import (
    NO_SOCKET,
    AddressRefused,
    CallFailed,
    CallTimedOut,
    ConnectFailed,
    NoSocketLeft,
    TlsFailed,
)
from app.core.outbound.policy import Policy
from app.core.outbound.pool import Pool
from app.core.outbound.request import render_head, render_post
from app.core.outbound.resolver import Names, Resolver
from app.core.outbound.urls import Target, parse_address

SECONDS = 15.0
LONGEST_HANDSHAKE = SECONDS


class Client:
    """One for a process. `tls` is the context that verifies certificates; see `verifying_context`."""

    def __init__(self, policy: Policy, names: Names, tls: ssl.SSLContext, pool: Pool | None = None) -> None:
        self._policy = policy
        self._resolver = Resolver(names, policy)
        self._tls = tls
        self._pool = Pool() if pool is None else pool  # an empty one is false
        self._deadlines = Deadlines()

    async def post(
        self, target: Target, headers: Mapping[str, str], body: bytes, *, seconds: float = SECONDS
    ) -> Answer:
        """The answer, whatever its status. `seconds` hold for name, connection, TLS, head and body together.

        Raises a CallFailed.
        """
        return await self.send(target, render_post(render_head(target, {}), headers, body), seconds=seconds)

    async def send(self, target: Target, request: bytes, *, seconds: float = SECONDS) -> Answer:
        """The same, of a request whose bytes are made. Raises a CallFailed."""
        began, kept = time.monotonic(), True
        if connection := self._at_hand(target):
            self._deadlines.set(connection, seconds, lambda: connection.give_up(CallTimedOut(seconds=seconds)))
            try:
                return await self._exchange_on(connection, target, request)
            except Stale:
                kept = False
            finally:
                self._deadlines.clear(connection)
        try:
            async with asyncio.timeout(seconds - (time.monotonic() - began)):
                addresses = await self._resolver.addresses_of(target)
                return await self._exchange(target, addresses, request, seconds, kept=kept)
        except TimeoutError:
            raise CallTimedOut(seconds=seconds) from None

    def _at_hand(self, target: Target) -> Connection | None:
        """A kept connection to an address that is still vetted."""
        for address in self._resolver.known_addresses_of(target):
            if connection := self._pool.take(_place(target, address)):
                return connection
        return None

    def close(self) -> None:
        self._pool.close()

    async def _exchange(
        self, target: Target, addresses: Sequence[Address], request: bytes, seconds: float, *, kept: bool
    ) -> Answer:
        """On one kept connection at most: the receiver may have read what it did not answer."""
        for address in addresses if kept else ():
            if connection := self._pool.take(_place(target, address)):
                try:
                    return await self._exchange_on(connection, target, request)
                except Stale:
                    break
        return await self._exchange_on(await self._dial_any(target, addresses, seconds), target, request)

    async def _exchange_on(self, connection: Connection, target: Target, request: bytes) -> Answer:
        try:
            answer = await connection.exchange(request)
        except CallFailed as failure:
            failure.address = connection.address
            raise
        self._pool.give(_place(target, connection.address), connection)
        return answer

    async def _dial_any(self, target: Target, addresses: Sequence[Address], seconds: float) -> Connection:
        """The first address that answers; all but the last are given a share of the time."""
        for address in addresses[:-1]:
            try:
                async with asyncio.timeout(seconds / (len(addresses) + 1)):
                    return await self._dial(target, address)
            except (ConnectFailed, TimeoutError):
                continue
        return await self._dial(target, addresses[-1])

    async def _dial(self, target: Target, address: Address) -> Connection:
        """Raises ConnectFailed, TlsFailed, AddressRefused, NoSocketLeft."""
        try:
            connection = await self._connect(target, address)
        except CallFailed as failure:
            failure.address = address
            raise
        return connection

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


def verifying_context(authorities: Path | None = None) -> ssl.SSLContext:
    """Certificates and names are checked. `authorities`, else the system's, else those that come with the platform."""
    system = ssl.get_default_verify_paths()
    file = authorities or (None if system.cafile or system.capath else Path(certifi.where()))
    context = ssl.create_default_context(cafile=str(file) if file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _reason(error: ssl.SSLError) -> str:
    """A name of OpenSSL's, without what follows a comma: it repeats the host."""
    text = str(getattr(error, "verify_message", "") or error.reason or "TLS")
    return text.partition(",")[0].replace("_", " ").lower()


def _place(target: Target, address: Address) -> tuple[str, str, int, bytes]:
    """The address in bytes: hashing the object itself costs more than all the rest of a look-up."""
    return target.scheme, target.host, target.port, address.packed
