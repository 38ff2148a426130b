"""What the client would like: a media type, a language."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from app.core.errors import Language

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
EVENT_STREAM = "text/event-stream"
LONGEST_HEADER = 1_000


@lru_cache(maxsize=256)
def media_type(accept: str | None) -> str | None:
    """The GraphQL response type to answer with; None when the client takes neither.

    Without a preference the answer is application/json, as the GraphQL-over-HTTP draft wants it.
    """
    if accept is None or not accept.strip():
        return PLAIN_JSON
    best: tuple[float, str] | None = None
    for value, quality in _weighted(accept):
        offered = GRAPHQL_JSON if value == GRAPHQL_JSON else PLAIN_JSON
        wanted = value in (GRAPHQL_JSON, PLAIN_JSON, "*/*", "application/*")
        if wanted and quality > 0 and (best is None or quality > best[0]):
            best = (quality, offered)
    return best[1] if best else None


@lru_cache(maxsize=256)
def prefers_html(accept: str | None) -> bool:
    """Whether a page is wanted rather than JSON: what a browser asks for, no tool does by default."""
    wanted = dict(_weighted(accept or ""))
    return wanted.get("text/html", 0.0) > max(wanted.get(GRAPHQL_JSON, 0.0), wanted.get(PLAIN_JSON, 0.0))


@lru_cache(maxsize=256)
def accepts(accept: str | None, wanted: str) -> bool:
    """Whether a client that says nothing, or this, takes the media type `wanted`."""
    if accept is None or not accept.strip():
        return True
    taken = {value for value, quality in _weighted(accept) if quality > 0}
    return not taken.isdisjoint({wanted, wanted.partition("/")[0] + "/*", "*/*"})


@lru_cache(maxsize=256)
def prefers_events(accept: str | None) -> bool:
    """Whether an event stream is wanted at least as much as JSON; nobody asks for one by accident."""
    wanted = dict(_weighted(accept or ""))
    events = wanted.get(EVENT_STREAM, 0.0)
    return events > 0 and events >= max(wanted.get(GRAPHQL_JSON, 0.0), wanted.get(PLAIN_JSON, 0.0))


@lru_cache(maxsize=256)
def language(accept_language: str | None) -> Language:
    """French unless English is preferred."""
    choices: Sequence[tuple[str, float]] = list(_weighted(accept_language or ""))
    french = max((q for value, q in choices if value.split("-")[0] == "fr"), default=0.0)
    english = max((q for value, q in choices if value.split("-")[0] == "en"), default=0.0)
    return "en" if english > french else "fr"


def _weighted(text: str) -> Iterator[tuple[str, float]]:
    """`a/b;q=0.5, c/d` → ("a/b", 0.5), ("c/d", 1.0). What cannot be read counts as not wanted."""
    for part in text[:LONGEST_HEADER].lower().split(","):
        value, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            yield value, min(max(float(quality), 0.0), 1.0)
        except ValueError:
            yield value, 0.0
