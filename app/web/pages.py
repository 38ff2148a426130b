"""Pages for browsers and what they load: bytes that stay the same as long as the process runs."""

from hashlib import blake2b
from pathlib import Path

from app.web.answers import send_bytes
from app.web.exchange import App, Receive, Scope, Send, exchange_of, header
from app.web.lane import GetOnly
from app.web.negotiation import prefers_html

SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing evaluated, nothing from elsewhere."""
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


class Asset:
    """One file; a browser that has it already is told so."""

    def __init__(self, route: str, body: bytes, content_type: str) -> None:
        self._route = route
        self._body = body
        self._type = content_type
        self._etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
        self._headers = {
            "content-security-policy": SECURITY_POLICY,
            "cache-control": "public, no-cache",
            "etag": self._etag,
            "vary": "accept",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange_of(scope).route = self._route
        if self._etag in (header(scope, b"if-none-match") or ""):
            raw = [(name.encode(), value.encode()) for name, value in self._headers.items()]
            await send({"type": "http.response.start", "status": 304, "headers": raw})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send_bytes(send, 200, self._body, self._type, self._headers)


class WithPage:
    """Shows `page` to a browser that comes by (GET, Accept: text/html); every other request is the API's."""

    def __init__(self, api: App, page: App) -> None:
        self._api = api
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        browsing = scope["method"] in ("GET", "HEAD") and prefers_html(header(scope, b"accept"))
        await (self._page if browsing else self._api)(scope, receive, send)


def page(route: str, path: Path) -> App:
    return Asset(route, path.read_bytes(), TYPES[path.suffix])


def asset(route: str, path: Path) -> App:
    return GetOnly(page(route, path))
