"""The outermost layer: gives every request its id and its security headers, and tells afterwards what became of it."""

import time
from typing import Any

from app.api.budgets import Budgets
from app.web.budget_headers import budget_headers
from app.web.client_address import Networks, client_address
from app.web.exchange import App, Exchange, Message, Receive, Scope, Send, begin_exchange, header
from app.web.metrics import RequestMetrics
from app.web.negotiation import language

QUIET_ROUTES = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Asked every few seconds: logged only when they fail."""

SECURITY_HEADERS: dict[bytes, bytes] = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
}


class Observed:
    """`log` is a structlog logger; `secure` says that the public URL is https; `budgets` are told to their keys."""

    def __init__(
        self,
        app: App,
        metrics: RequestMetrics,
        log: Any,
        *,
        trusted: Networks = (),
        secure: bool = False,
        budgets: Budgets | None = None,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log
        self._trusted = trusted
        self._budgets = budgets
        self._defaults = dict(SECURITY_HEADERS)
        if secure:
            self._defaults[b"strict-transport-security"] = b"max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        exchange = self._begin(scope)
        if scope["type"] == "websocket":
            await self._watch_socket(exchange, started, scope, receive, send)
            return
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                exchange.answered = True
                message["headers"] = self._completed(message.get("headers", ()), exchange)
            await send(message)

        self._metrics.in_flight += 1
        try:
            await self._app(scope, receive, send_marked)
        finally:
            self._metrics.in_flight -= 1
            self._tell(scope["method"], exchange, status, time.perf_counter() - started)

    def _begin(self, scope: Scope) -> Exchange:
        wanted = language(header(scope, b"accept-language"))
        address = client_address(scope, self._trusted)
        scope["client"] = (address, 0) if address else None  # for applications that know nothing of proxies
        return begin_exchange(scope, address, wanted)

    async def _watch_socket(
        self, exchange: Exchange, started: float, scope: Scope, receive: Receive, send: Send
    ) -> None:
        code = 0

        async def send_noting(message: Message) -> None:
            nonlocal code
            if message["type"] == "websocket.close":
                code = message.get("code", 1000)
            await send(message)

        self._metrics.sockets += 1
        try:
            await self._app(scope, receive, send_noting)
        finally:
            self._metrics.sockets -= 1
            self._metrics.closed(code)
            self._tell_socket(exchange, code, time.perf_counter() - started)

    def _tell_socket(self, exchange: Exchange, code: int, seconds: float) -> None:
        """`code` 0: the client closed it, or its connection broke."""
        self._log.info(
            "socket",
            request_id=str(exchange.request_id),
            route=exchange.route,
            code=code,
            seconds=round(seconds, 1),
            **_who(exchange),
        )

    def _completed(self, headers: Any, exchange: Exchange) -> list[tuple[bytes, bytes]]:
        """The response's headers with the request id and those security headers it has not set itself."""
        complete = [(name.lower(), value) for name, value in headers]
        present = {name for name, _ in complete}
        complete += [each for each in self._defaults.items() if each[0] not in present]
        if b"cache-control" not in present and b"etag" not in present:
            complete.append((b"cache-control", b"no-store"))
        if self._budgets is not None and exchange.actor is not None:
            complete += budget_headers(self._budgets.of(exchange.actor))
        complete.append((b"x-request-id", str(exchange.request_id).encode()))
        return complete

    def _tell(self, method: str, exchange: Exchange, status: int, seconds: float) -> None:
        """`status` 0: the client went away before there was an answer."""
        self._metrics.observe(method, exchange.route, status, seconds)
        if exchange.route in QUIET_ROUTES and status == 200:
            return
        self._log.info(
            "request",
            request_id=str(exchange.request_id),
            method=method,
            route=exchange.route,
            status=status,
            ms=round(seconds * 1000, 2),
            **_who(exchange),
            asked=exchange.asked,
        )


def _who(exchange: Exchange) -> dict[str, str | None]:
    actor = exchange.actor
    return {
        "key_id": actor.key_id if actor else None,
        "partner": actor.partner_name if actor else None,
        "school": actor.school_code if actor else None,
    }
