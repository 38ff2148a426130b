"""Names to vetted addresses: asked once, and all of the answer must be public.

The system's resolver is not used: it reads numbers as addresses, appends search domains, consults files and blocks a
thread. An answer is kept for its TTL, a minute at most, with its verdict: what was refused is asked again.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from app.core.outbound.addresses import Address
from app.core.outbound.errors import NO_SOCKET, AddressRefused, NameUnresolved, NoSocketLeft
from app.core.outbound.policy import Policy
from app.core.outbound.urls import Target, parse_address

LONGEST_KEPT_SECONDS = 60.0
MOST_KEPT = 10_000
MOST_TRIED = 8
LOOPBACK = (ip_address("127.0.0.1"), ip_address("::1"))


@dataclass(frozen=True, slots=True)
class Found:
    """Every address of a name, and for how long that holds."""

    addresses: tuple[Address, ...]
    ttl: float


class Names(Protocol):
    async def find(self, host: str) -> Found:
        """All addresses of `host`, at least one. Raises NameUnresolved, NoSocketLeft."""
        ...


class NameServers:
    """Asks the name servers of the system, or those given, directly."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53) -> None:
        self._resolver = _of_system() if not servers else dns.asyncresolver.Resolver(configure=False)
        if servers:
            self._resolver.nameservers = list(servers)
            self._resolver.port = port

    async def find(self, host: str) -> Found:
        """IPv4 and IPv6 are asked for at once; one of the two may fail."""
        if host == "localhost" or host.endswith(".localhost"):
            return Found(LOOPBACK, LONGEST_KEPT_SECONDS)  # RFC 6761: never asked
        name = dns.name.from_text(host)
        came = await asyncio.gather(self._ask(name, "A"), self._ask(name, "AAAA"))
        answers = [each for each in came if isinstance(each, dns.resolver.Answer)]
        addresses = tuple(parse_address(record.address) for answer in answers for record in answer)
        if not addresses:
            if any(isinstance(each, Exception) and _for_want_of_a_socket(each) for each in came):
                raise NoSocketLeft
            raise NameUnresolved(host=host)
        ttl = min(float(answer.rrset.ttl) for answer in answers if answer.rrset)
        return Found(addresses, ttl)

    async def _ask(self, name: dns.name.Name, kind: str) -> dns.resolver.Answer | Exception:
        try:
            return await self._resolver.resolve(name, kind, search=False, raise_on_no_answer=True)
        except (dns.exception.DNSException, OSError, EOFError) as error:
            return error


def _for_want_of_a_socket(error: Exception) -> bool:
    """The library lists what went wrong with each server that it asked: (server, tcp, port, error, response)."""
    causes = [each[3] for each in getattr(error, "kwargs", {}).get("errors", ())]
    return any(isinstance(cause, OSError) and cause.errno in NO_SOCKET for cause in (error, *causes))


def _of_system() -> dns.asyncresolver.Resolver:
    """A machine that names no server is taken to run one, as its own resolver would."""
    try:
        return dns.asyncresolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = [str(LOOPBACK[0])]
        return resolver


@dataclass(frozen=True, slots=True)
class _Kept:
    addresses: tuple[Address, ...]
    until: float


class Resolver:
    """`monotonic` tells the seconds that answers are kept by."""

    def __init__(self, names: Names, policy: Policy, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._names = names
        self._policy = policy
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}
        self._asking: dict[str, asyncio.Task[tuple[Address, ...]]] = {}

    async def addresses_of(self, target: Target) -> tuple[Address, ...]:
        """What may be dialled for `target`, in an order to try. Raises NameUnresolved, AddressRefused, NoSocketLeft."""
        if target.address is not None:
            return self._vetted(target.host, (target.address,))
        return self.known_addresses_of(target) or await self._ask_once(target.host)

    def known_addresses_of(self, target: Target) -> tuple[Address, ...]:
        """Those that nobody has to be asked for; none where somebody has, or where the address itself is refused."""
        if target.address is not None:
            return (target.address,) if self._policy.takes_address(target.address) else ()
        kept = self._kept.get(target.host)
        return kept.addresses if kept is not None and kept.until > self._monotonic() else ()

    async def _ask_once(self, host: str) -> tuple[Address, ...]:
        """Callers at the same moment share one question; one that gives up does not take it from the others."""
        task = self._asking.get(host)
        if task is None:
            task = self._asking[host] = asyncio.create_task(self._ask(host))
            task.add_done_callback(lambda done: self._asked(host, done))
        return await asyncio.shield(task)

    def _asked(self, host: str, task: asyncio.Task[tuple[Address, ...]]) -> None:
        del self._asking[host]
        if not task.cancelled():
            task.exception()  # retrieved, even where every caller has given up

    async def _ask(self, host: str) -> tuple[Address, ...]:
        found = await self._names.find(host)
        addresses = self._vetted(host, found.addresses)
        self._keep(host, addresses, found.ttl)
        return addresses

    def _vetted(self, host: str, addresses: tuple[Address, ...]) -> tuple[Address, ...]:
        if not all(self._policy.takes_address(address) for address in addresses):
            raise AddressRefused(host=host)
        return addresses[:MOST_TRIED]

    def _keep(self, host: str, addresses: tuple[Address, ...], ttl: float) -> None:
        self._kept.pop(host, None)
        if ttl <= 0:
            return
        if len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[host] = _Kept(addresses, self._monotonic() + min(ttl, LONGEST_KEPT_SECONDS))
