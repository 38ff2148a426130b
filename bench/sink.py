"""A receiver that answers every request at once, in a process of its own: `python -m bench.sink [CERTIFICATE]`.

It prints its port. With a certificate it speaks TLS. It counts lengths instead of parsing: the sender is what is
measured.
"""

import asyncio
import ssl
import sys
from typing import cast

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
END = b"\r\n\r\n"


class Sink(asyncio.Protocol):
    """Requests end with the length that their head tells."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(END)) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            whole = end + len(END) + length
            if len(self._buffer) < whole or self._transport is None:
                return
            body, self._buffer = self._buffer[end + len(END) : whole], self._buffer[whole:]
            self.take(self._transport, head, body)

    def take(self, transport: asyncio.Transport, head: bytes, body: bytes) -> None:
        """A whole request; `head` is in lower case."""
        transport.write(ANSWER)


async def main(certificate: str | None) -> None:
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
