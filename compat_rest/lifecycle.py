"""`@deprecated` on the root field or on a selected one becomes the Deprecation and Sunset headers.

The reason names the dates: "since 2026-09-01, until 2027-06-30: use …" (RFC 9745 and RFC 8594 need dates).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from graphql import get_named_type

from compat_rest.selection import Selected, Selection

_SINCE = re.compile(r"\bsince (\d{4}-\d{2}-\d{2})\b")
_UNTIL = re.compile(r"\buntil (\d{4}-\d{2}-\d{2})\b")


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """`deprecated`: the endpoint as a whole. `headers` also tell of deprecated fields in its answer."""

    deprecated: bool
    headers: tuple[tuple[str, str], ...]


def lifecycle_of(selection: Selection, root: Selected) -> Lifecycle:
    """Raises ValueError for a date that is none."""
    reasons = list(_reasons(selection, root))
    since, until = _dates(_SINCE, reasons), _dates(_UNTIL, reasons)
    headers = []
    if since:
        headers.append(("Deprecation", f"@{int(min(since).timestamp())}"))
    if until:
        headers.append(("Sunset", format_datetime(min(until), usegmt=True)))
    return Lifecycle(root.field.deprecation_reason is not None, tuple(headers))


def _reasons(selection: Selection, selected: Selected) -> Iterator[str]:
    if selected.field.deprecation_reason is not None:
        yield selected.field.deprecation_reason
    for type_ in selection.possible(get_named_type(selected.field.type)):
        for inner in selection.keys(type_, selected.selections).values():
            yield from _reasons(selection, inner)


def _dates(pattern: re.Pattern[str], reasons: list[str]) -> list[datetime]:
    found = [match[1] for reason in reasons for match in pattern.finditer(reason)]
    try:
        return [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in found]
    except ValueError:
        raise ValueError(f"@deprecated names a date that does not exist, among {', '.join(found)}") from None
