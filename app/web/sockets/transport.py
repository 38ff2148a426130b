"""What uvicorn leaves open on a socket: a client that does not read must not keep it from ending."""

import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

CLOSE_SECONDS = 10.0
"""What a client is given to read what was sent before the close frame, and to answer it."""
_quiet = logging.getLogger("uvicorn.sockets")
_quiet.setLevel(logging.WARNING)


class SocketTransport(WebSocketsSansIOProtocol):
    """One connection of a client. It tells no log the address that was opened: the application's log has its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.logger = self.conn.logger = _quiet

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.writable.set()  # the last thing that is sent does not wait for room
            self.loop.call_later(CLOSE_SECONDS, self._cut)
        await super().send(message)

    def shutdown(self) -> None:
        super().shutdown()
        self._cut_soon()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut_soon()

    def _cut_soon(self) -> None:
        self.loop.call_later(CLOSE_SECONDS, self._cut)

    def _cut(self) -> None:
        """What the client has not read by now is given up."""
        self.transport.abort()
