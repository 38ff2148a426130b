"""`/graphql` as a WebSocket: who may open one, and in which protocol."""

from app.web.exchange import Receive, Scope, Send, exchange_of
from app.web.origins import Origins
from app.web.sockets.closing import CloseCode, SocketClosed
from app.web.sockets.socket import House, Socket

PROTOCOL = "graphql-transport-ws"


class SocketEndpoint:
    def __init__(self, house: House, origins: Origins) -> None:
        self._house = house
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        exchange.route = scope["path"]
        await receive()  # websocket.connect
        if self._house.stayers.leaving or not self._origins.allow(scope):
            await send({"type": "websocket.close", "code": int(CloseCode.FORBIDDEN)})  # before the handshake: a 403
        elif PROTOCOL not in scope["subprotocols"]:
            await _refuse_protocol(send)
        else:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await Socket(self._house, scope, receive, send, exchange).serve()


async def _refuse_protocol(send: Send) -> None:
    """Opens the socket first, as the protocol's own servers do: a browser shows its page no other code."""
    await send({"type": "websocket.accept"})
    closed = SocketClosed(CloseCode.UNKNOWN_PROTOCOL, PROTOCOL)
    await send({"type": "websocket.close", "code": int(closed.code), "reason": closed.reason})
