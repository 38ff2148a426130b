"""The bytes of a request."""

from collections.abc import Mapping

from app.core.outbound.urls import Target

USER_AGENT = "Skooly-Webhooks/1"


class HeaderInjected(ValueError):
    """A line end got into the head: headers are checked when they are saved, so this is a mistake of ours."""


def render_post(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    """A whole POST of JSON. Nothing is asked to be compressed. Raises HeaderInjected."""
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"host: {target.authority}",
        f"user-agent: {USER_AGENT}",
        "accept: */*",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    head = "\r\n".join(lines)
    if not head.count("\r") == head.count("\n") == len(lines) - 1 or "\0" in head:
        raise HeaderInjected
    return head.encode("ascii") + b"\r\n\r\n" + body
