"""How an event stream is written."""

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back until it has enough of them
)
RETRY_MILLISECONDS = 3_000
BEGIN = b"retry: %d\n\n" % RETRY_MILLISECONDS
"""Sent at once: the client learns that it is connected, and when to come back."""
HEARTBEAT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"


def event(data: bytes, *, name: str | None = None, id: str | None = None) -> bytes:
    """`data` is JSON on one line, as orjson writes it: a line break would end the field."""
    head = f"id: {id}\n" if id is not None else ""
    if name is not None:
        head += f"event: {name}\n"
    return head.encode() + b"data: " + data + b"\n\n"


def comment(text: str) -> bytes:
    """For people and proxies: clients pass it over."""
    return f": {text}\n\n".encode()
