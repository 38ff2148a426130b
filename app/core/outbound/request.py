"""The bytes of a request."""

from collections.abc import Mapping, Sequence

from app.core.outbound.urls import Target

USER_AGENT = "Skooly-Webhooks/1"


class HeaderInjected(ValueError):
    """A line end got into the head: headers are checked when they are saved, so this is a mistake of ours."""


def render_head(target: Target, headers: Mapping[str, str]) -> bytes:
    """What all requests to a target have in common. Nothing is asked to be compressed. Raises HeaderInjected."""
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"host: {target.authority}",
        f"user-agent: {USER_AGENT}",
        "accept: */*",
        "content-type: application/json",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return _join(lines)


def render_post(head: bytes, headers: Mapping[str, str], body: bytes) -> bytes:
    """A whole POST of JSON, under the lines of `render_head`. Raises HeaderInjected."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"content-length: {len(body)}")
    return head + _join(lines) + b"\r\n" + body


def _join(lines: Sequence[str]) -> bytes:
    text = "\r\n".join(lines)
    if not text.count("\r") == text.count("\n") == len(lines) - 1 or "\0" in text:
        raise HeaderInjected
    return text.encode("ascii") + b"\r\n"
