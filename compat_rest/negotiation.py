"""What the client would like: a media type of those on offer, French or English."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from compat_rest.problems import Language

JSON = "application/json"
NDJSON = "application/x-ndjson"
_LONGEST = 1_000
"""Longer headers are cut, which also bounds what the caches hold."""


def media_type(accept: str | None, offered: Sequence[str]) -> str | None:
    """The best of `offered`, the first one where there is no preference; None when none is acceptable."""
    if not accept or accept == "*/*":
        return offered[0]
    return _best(accept[:_LONGEST], tuple(offered))


def language(accept: str | None) -> Language:
    """French unless English is preferred."""
    return _language(accept[:_LONGEST]) if accept else "fr"


@lru_cache(maxsize=256)
def _best(accept: str, offered: tuple[str, ...]) -> str | None:
    wanted = dict(_weighted(accept))
    qualities = [_quality(wanted, media) for media in offered]
    best = max(qualities)
    return offered[qualities.index(best)] if best > 0 else None


def _quality(wanted: dict[str, float], media: str) -> float:
    """The most specific range decides (RFC 9110 §12.5.1)."""
    for candidate in (media, media.split("/")[0] + "/*", "*/*"):
        if candidate in wanted:
            return wanted[candidate]
    return 0.0


@lru_cache(maxsize=256)
def _language(accept: str) -> Language:
    wanted = [(value.split("-")[0], quality) for value, quality in _weighted(accept)]
    french = max((quality for value, quality in wanted if value == "fr"), default=0.0)
    english = max((quality for value, quality in wanted if value == "en"), default=0.0)
    return "en" if english > french else "fr"


def _weighted(text: str) -> Iterator[tuple[str, float]]:
    """`a/b;q=0.5, c/d` → ("a/b", 0.5), ("c/d", 1.0). A weight that cannot be read is not wanted."""
    for part in text.lower().split(","):
        value, *options = (piece.strip() for piece in part.split(";"))
        weight = next((piece[2:] for piece in options if piece.startswith("q=")), "1")
        try:
            yield value, min(max(float(weight), 0.0), 1.0)
        except ValueError:
            yield value, 0.0
