"""How a topic is described: each fact with its JSON Schema (2020-12) and an example of it.

A published schema leaves room for facts to come, as a receiver must; `closed=True` does not, and is what the tests hold
the real facts to, so that a new fact has to be declared here first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domains.events.topics import Topic

DIALECT = "https://json-schema.org/draft/2020-12/schema"

JsonSchema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """What is told under one name. One that is not `always` told may be missing."""

    schema: JsonSchema
    example: Any
    always: bool = True

    @property
    def is_text(self) -> bool:
        """Whether it is told as a text, where it is not null."""
        kind = self.schema.get("type")
        return "string" in ([kind] if isinstance(kind, str) else kind or ())


@dataclass(frozen=True, slots=True)
class Described:
    """A topic as its readers know it. `version` grows when a fact changes its meaning or goes away."""

    topic: Topic
    fr: str
    en: str
    facts: Mapping[str, Fact]
    version: int = 1

    @property
    def example(self) -> dict[str, Any]:
        return {name: fact.example for name, fact in self.facts.items()}

    def schema(self, *, closed: bool = False) -> dict[str, Any]:
        """The JSON Schema of `data`."""
        return object_of(self.facts, closed=closed)

    def only(self, names: frozenset[str]) -> "Described":
        """The same topic as told to those who get these facts alone."""
        return replace(self, facts={name: fact for name, fact in self.facts.items() if name in names})


def object_of(facts: Mapping[str, Fact], *, closed: bool = False) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: dict(_closed(fact.schema) if closed else fact.schema) for name, fact in facts.items()},
        "required": [name for name, fact in facts.items() if fact.always],
    }
    return schema | {"additionalProperties": False} if closed else schema


def _closed(schema: JsonSchema) -> JsonSchema:
    """Lists of objects are held to their facts too."""
    items = schema.get("items", {})
    if items.get("type") != "object":
        return schema
    return {**schema, "items": {**items, "additionalProperties": False}}


def text(description: str, example: str, **more: Any) -> Fact:
    return Fact({"type": "string", "description": description, **more}, example)


def choice(description: str, example: str, *values: str) -> Fact:
    return Fact({"type": "string", "description": description, "enum": list(values)}, example)


def day(description: str, example: str) -> Fact:
    return text(description, example, format="date")


def moment(description: str, example: str) -> Fact:
    return text(description, example, format="date-time")


def identifier(description: str, example: str) -> Fact:
    return text(description, example, format="uuid")


def amount(description: str, example: int, **more: Any) -> Fact:
    """Of the currency beside it."""
    return Fact({"type": "integer", "description": f"{description}, in minor units of `currency`.", **more}, example)


def number(description: str, example: int, **more: Any) -> Fact:
    return Fact({"type": "integer", "description": description, **more}, example)


def flag(description: str, example: bool) -> Fact:
    return Fact({"type": "boolean", "description": description}, example)


def nullable(fact: Fact) -> Fact:
    """It may be null, and is always there."""
    schema = {**fact.schema, "type": [fact.schema["type"], "null"]}
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return replace(fact, schema=schema)


def sometimes(fact: Fact) -> Fact:
    """It may be missing."""
    return replace(fact, always=False)


def listed(description: str, *items: Fact) -> Fact:
    """A list of what the first of `items` is; all of them are its example."""
    schema = {"type": "array", "description": description, "items": dict(items[0].schema)}
    return Fact(schema, [item.example for item in items])


def record(facts: Mapping[str, Fact]) -> Fact:
    """An object within a list."""
    return Fact(object_of(facts), {name: fact.example for name, fact in facts.items()})


def words_by(description: str, example: Mapping[str, str]) -> Fact:
    """An object of texts whose names are not known beforehand."""
    schema = {"type": "object", "description": description, "additionalProperties": {"type": "string"}}
    return Fact(schema, dict(example))
