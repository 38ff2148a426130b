"""A real name server on loopback whose answers a test decides, question by question."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

ADDRESS = "127.0.0.1"
Records = tuple[str, ...]
Zone = Callable[[int], Records]
"""From how often the name's IPv4 addresses were asked before: its addresses, or a name for a CNAME to precede them."""


def always(*records: str) -> Zone:
    return lambda asked: records


def in_turn(*answers: Records) -> Zone:
    """One answer after the other; the last one stays."""
    return lambda asked: answers[min(asked, len(answers) - 1)]


class NameServer(asyncio.DatagramProtocol):
    """`zones` by name. An unknown name does not exist; a name in `silent` is never answered."""

    def __init__(self, ttl: int = 0) -> None:
        self.zones: dict[str, Zone] = {}
        self.silent: set[str] = set()
        self.asked: dict[str, int] = {}
        self.ttl = ttl
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text().rstrip(".").lower()
        if name not in self.silent and self._transport is not None:
            self._transport.sendto(self._answer(query, name).to_wire(), peer)

    def _answer(self, query: dns.message.Message, name: str) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name not in self.zones:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        kind = query.question[0].rdtype
        asked = self.asked.get(name, 0)
        if kind == dns.rdatatype.A:
            self.asked[name] = asked + 1
        self._fill(answer, name, kind, self.zones[name](asked))
        return answer

    def _fill(self, answer: dns.message.Message, name: str, kind: dns.rdatatype.RdataType, records: Records) -> None:
        owner = f"{name}."
        for record in records:
            if not _is_address(record):
                answer.answer.append(dns.rrset.from_text(owner, self.ttl, "IN", "CNAME", f"{record}."))
                owner = f"{record}."
        wanted = 4 if kind == dns.rdatatype.A else 6
        addresses = [record for record in records if _is_address(record) and ip_address(record).version == wanted]
        if addresses:
            answer.answer.append(dns.rrset.from_text(owner, self.ttl, "IN", kind, *addresses))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@asynccontextmanager
async def name_server(ttl: int = 0) -> AsyncIterator[NameServer]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(ttl), local_addr=(ADDRESS, 0)
    )
    try:
        yield server
    finally:
        transport.close()
