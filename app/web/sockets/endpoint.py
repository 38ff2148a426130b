"""`/graphql` as a WebSocket: who may open one, and in which protocol."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from app.web.exchange import Receive, Scope, Send, exchange_of, header_values
from app.web.sockets.closing import CloseCode, SocketClosed
from app.web.sockets.socket import House, Socket

PROTOCOL = "graphql-transport-ws"
_PORTS = {"http": 80, "https": 443}


class Origins:
    """Whose pages may open sockets. Who sends no origin is no browser."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = {_origin(each) for each in allowed}

    def allow(self, scope: Scope) -> bool:
        return all(_origin(each) in self._allowed for each in header_values(scope, b"origin"))


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


def _origin(text: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what is no origin, `null` among them."""
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.scheme and parts.hostname else None
