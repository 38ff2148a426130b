"""The operations of the guide (docs/graphql.md), read from its own text so that they cannot part from it.

An operation is a `graphql` block; the word after it names the preset whose key runs it. A `json variables` block and a
`json` block with the answer (shortened at `…`) may follow. Its title is the last heading above, or the comment that
it begins with.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[3] / "docs" / "graphql.md"
FROM_BEFORE = "…"
"""A variable `…endCursor` is what an earlier answer gave under that name."""
_PIECE = re.compile(r"^#{2,} (?P<heading>[^\n]+)$|^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(slots=True)
class Example:
    title: str
    preset: str
    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    answer: str | None = None


def examples(text: str) -> list[Example]:
    """The operations in their order: later ones may build on earlier ones. Raises ValueError for a stray block."""
    found: list[Example] = []
    heading = ""
    for piece in _PIECE.finditer(text):
        if piece["heading"]:
            heading = piece["heading"]
        elif piece["info"].startswith("graphql "):
            query = piece["text"].strip()
            found.append(Example(_title(query, heading), piece["info"].removeprefix("graphql "), query))
        elif piece["info"].startswith("json"):
            _complete(found, piece["info"], piece["text"].strip())
    return found


def _title(query: str, heading: str) -> str:
    comment, _, _ = query.partition("\n")
    return comment.lstrip("# ") if comment.startswith("#") else heading


def _complete(found: list[Example], info: str, text: str) -> None:
    if not found or found[-1].answer is not None:
        raise ValueError(f"a block of {info} belongs to no operation: {text[:40]}")
    if info == "json variables":
        found[-1].variables = json.loads(text)
    else:
        found[-1].answer = text


def shown(found: list[Example]) -> Iterator[dict[str, Any]]:
    """What the page takes of them: those that run as they stand."""
    for each in found:
        if FROM_BEFORE in json.dumps(each.variables, ensure_ascii=False):
            continue
        variables = json.dumps(each.variables, ensure_ascii=False, indent=2) if each.variables else ""
        yield {"title": each.title, "query": each.query + "\n", "variables": variables}
