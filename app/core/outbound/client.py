"""Calls to servers that partners name: dialled at vetted addresses only, and over in a given time whatever they do.

No redirect is followed, no proxy is asked, nothing is decompressed. The name stays in the Host header and in the TLS
handshake; the address comes from one look-up and is compared with the peer's afterwards.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from pathlib import Path

import certifi

from app.core.outbound.answer import Answer
from app.core.outbound.call import Call
from app.core.outbound.connection import Done
from app.core.outbound.connector import Connector
from app.core.outbound.deadlines import Deadlines
from app.core.outbound.dialler import Dialler
from app.core.outbound.policy import Policy
from app.core.outbound.pool import Pool
from app.core.outbound.request import render_head, render_post
from app.core.outbound.resolver import Names, Resolver
from app.core.outbound.urls import Target

SECONDS = 15.0


class Client:
    """One for a process. `tls` is the context that verifies certificates; see `verifying_context`."""

    def __init__(self, policy: Policy, names: Names, tls: ssl.SSLContext, pool: Pool | None = None) -> None:
        self._pool = Pool() if pool is None else pool  # an empty one is false
        self._connector = Connector(Resolver(names, policy), self._pool, Dialler(policy, tls))
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
        ended: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def done(end: Answer | Exception) -> None:
            if ended.done():
                return
            if isinstance(end, Answer):
                ended.set_result(end)
            else:
                ended.set_exception(end)

        call = self.start(target, request, done, seconds=seconds)
        try:
            return await ended
        except asyncio.CancelledError:
            call.cancel()
            raise

    def start(self, target: Target, request: bytes, done: Done, *, seconds: float = SECONDS) -> Call:
        """The same without a task, which costs as much as the request: `done` is told the answer or a CallFailed, once
        and never before this returns. A call that is cancelled tells nobody.
        """
        call = Call(self._connector, self._deadlines, target, request, done, seconds, time.monotonic() + seconds)
        self._deadlines.add(call)
        call.begin()
        return call

    def close(self) -> None:
        self._pool.close()


def verifying_context(authorities: Path | None = None) -> ssl.SSLContext:
    """Certificates and names are checked. `authorities`, else the system's, else those that come with the platform."""
    system = ssl.get_default_verify_paths()
    file = authorities or (None if system.cafile or system.capath else Path(certifi.where()))
    context = ssl.create_default_context(cafile=str(file) if file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context
