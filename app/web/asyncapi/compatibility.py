"""What would break a receiver that was written to an older AsyncAPI document of ours.

A fact may always be added. One that goes away, is no longer always told, or is told otherwise needs a new version of
its topic, under which it may be whatever it likes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

WORDS = frozenset({"description", "examples"})
"""What only people read."""


def breaking_changes(old: bytes, new: bytes) -> list[str]:
    """A line for each, naming the schema."""
    before, after = orjson.loads(old)["components"], orjson.loads(new)["components"]
    gone = [f"{topic}: no longer sent" for topic in before["messages"] if topic not in after["messages"]]
    told = [
        f"{name}: {change}"
        for name, schema in before["schemas"].items()
        if name in after["schemas"]
        for change in _of(schema, after["schemas"][name])
    ]
    replaced = [f"{name}: taken away without a newer version" for name in _vanished(before, after)]
    return gone + told + replaced


def _of(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in old["properties"].items():
        if name not in new["properties"]:
            yield f"`{name}` is gone"
        elif _meaning(schema) != _meaning(new["properties"][name]):
            yield f"`{name}` is told otherwise"
        elif name in old["required"] and name not in new["required"]:
            yield f"`{name}` is no longer always told"


def _meaning(schema: Any) -> Any:
    """Without what only people read, at any depth."""
    if isinstance(schema, dict):
        return {name: _meaning(value) for name, value in schema.items() if name not in WORDS}
    return schema


def _vanished(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Schemas of topics that are still sent, with neither themselves nor a newer version there."""
    lost = set(before["schemas"]) - set(after["schemas"])
    versions = {name: _version(after["messages"][name]) for name in after["messages"]}
    return sorted(
        name for name in lost if (topic := name.partition(".v")[0]) in versions and _number(name) >= versions[topic]
    )


def _version(message: Mapping[str, Any]) -> int:
    version: int = message["payload"]["allOf"][1]["properties"]["schemaversion"]["const"]
    return version


def _number(name: str) -> int:
    """Of `student.created.v1.thin`: 1."""
    return int(name.partition(".v")[2].partition(".")[0])
