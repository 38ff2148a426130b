"""What the facade shows without a key: its OpenAPI document, Swagger UI on it, and a page for each problem type."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

import orjson
from swagger_ui_bundle import swagger_ui_path

from compat_rest.gateway import Gateway
from compat_rest.problems import PAGES, Fault, Problem, slug, type_of
from compat_rest.respond import Headers, Reply

SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No script but the served ones. Swagger UI sets styles of its own, hence the inline ones."""
_ALLOW = "GET, HEAD, OPTIONS"
_HTML = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Skooly /v1</title>
<link rel="stylesheet" href="{prefix}/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="{prefix}/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{prefix}/docs/swagger-ui-bundle.js"></script>
<script src="{prefix}/docs/start.js"></script>
</body>
</html>
"""
_START = """window.ui = SwaggerUIBundle({
  url: "{prefix}/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""
_ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}


class Page(NamedTuple):
    """Bytes that stay the same as long as the process runs. `template` is its path for logs."""

    template: str
    body: bytes
    headers: Headers
    etag: str

    def reply(self, method: str, if_none_match: str | None) -> Reply:
        """Raises Problem for a method a page has not."""
        if method == "OPTIONS":
            return Reply(204, [(b"allow", _ALLOW.encode("ascii"))], b"")
        if method not in ("GET", "HEAD"):
            raise Problem.of(Fault.METHOD_NOT_ALLOWED, headers={"Allow": _ALLOW})
        if if_none_match is not None and self.etag in if_none_match:
            return Reply(304, [each for each in self.headers if each[0] != b"content-type"], b"")
        return Reply(200, self.headers, self.body)


def page(template: str, body: bytes, content_type: str) -> Page:
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    headers = [
        (b"content-type", content_type.encode("ascii")),
        (b"content-security-policy", SECURITY_POLICY.encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"public, no-cache"),
        (b"etag", etag.encode("ascii")),
    ]
    return Page(template, body, headers, etag)


def json_pages(prefix: str, documents: Mapping[str, bytes]) -> dict[bytes, Page]:
    """JSON documents by raw path, from their names."""
    pages = [page(f"{prefix}/{name}", text, "application/json") for name, text in documents.items()]
    return {each.template.encode("ascii"): each for each in pages}


def swagger_pages(prefix: str) -> dict[bytes, Page]:
    """The pages by raw path. Everything is served from here: no other host is ever asked."""
    texts = {
        "docs": (_HTML, "text/html; charset=utf-8"),
        "docs/start.js": (_START, "text/javascript; charset=utf-8"),
    }
    pages = []
    for name, (text, content_type) in texts.items():
        body = text.replace("{prefix}", prefix).encode("utf-8")
        pages.append(page(f"{prefix}/{name}", body, content_type))
    for name, content_type in _ASSETS.items():
        pages.append(page(f"{prefix}/docs/{name}", (swagger_ui_path / name).read_bytes(), content_type))
    found = {each.template.encode("ascii"): each for each in pages}
    return {**found, f"{prefix}/docs/".encode("ascii"): found[f"{prefix}/docs".encode("ascii")]}


def explanation(gateway: Gateway, prefix: str, name: bytes) -> Page | None:
    """The page behind a problem's `type`: its code, status and titles."""
    for code, status, titles in _known(gateway):
        if slug(code).encode("ascii") == name:
            body = {"type": type_of(prefix, code), "code": code, "status": status, "title": dict(titles)}
            return page(f"{prefix}{PAGES}{{type}}", orjson.dumps(body), "application/json")
    return None


def _known(gateway: Gateway) -> list[tuple[str, int, Mapping[str, str]]]:
    own = [(fault.name, fault.status, {"fr": fault.value.fr, "en": fault.value.en}) for fault in Fault]
    return [*own, *((code, status, gateway.titles.get(code, {})) for code, status in gateway.statuses.items())]
