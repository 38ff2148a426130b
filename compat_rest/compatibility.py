"""Which changes between two OpenAPI documents would break a client of the older one.

The committed document is the promise; a start with a broken promise never happens because the check of the generated
files calls this first. Descriptions, examples and additions are free.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

Json = Mapping[str, Any]
Seen = frozenset[tuple[int, int]]
"""Pairs of schemas on the way down: an input type may contain itself."""
_NULL = {"type": "null"}
_LOWER_BOUNDS = ("minimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "maxLength", "maxItems", "maxProperties")


def breaking_changes(committed: bytes, generated: bytes) -> list[str]:
    """One line for each change that breaks a client, by path and method; none is good news."""
    return list(_Comparison(orjson.loads(committed), orjson.loads(generated)).paths())


@dataclass(frozen=True, slots=True)
class _Comparison:
    old: Json
    new: Json

    def paths(self) -> Iterator[str]:
        for path, methods in self.old["paths"].items():
            for method, operation in methods.items():
                name = f"{method.upper()} {path}"
                changed = self.new["paths"].get(path, {}).get(method)
                if changed is None:
                    yield f"{name}: the endpoint is gone"
                else:
                    yield from self._operation(name, operation, changed)

    def _operation(self, name: str, old: Json, new: Json) -> Iterator[str]:
        yield from self._security(name, old, new)
        yield from self._parameters(name, old, new)
        yield from self._body(name, old.get("requestBody"), new.get("requestBody"))
        for status, response in old["responses"].items():
            if status not in new["responses"]:
                yield f"{name}: the status {status} is gone"
            else:
                yield from self._response(f"{name} {status}", response, new["responses"][status])

    def _security(self, name: str, old: Json, new: Json) -> Iterator[str]:
        before = {scope for each in old.get("security", ()) for scopes in each.values() for scope in scopes}
        after = {scope for each in new.get("security", ()) for scopes in each.values() for scope in scopes}
        for scope in sorted(after - before):
            yield f"{name}: asks for the further scope {scope}"

    def _parameters(self, name: str, old: Json, new: Json) -> Iterator[str]:
        before = {(each["in"], each["name"]): each for each in old.get("parameters", ())}
        after = {(each["in"], each["name"]): each for each in new.get("parameters", ())}
        for key, parameter in before.items():
            where = f"{name}: the {key[0]} parameter “{key[1]}”"
            if key not in after:
                yield f"{where} is gone"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{where} became required"
            yield from self._sent(where, parameter["schema"], after[key]["schema"])
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"{name}: the {key[0]} parameter “{key[1]}” is new and required"

    def _body(self, name: str, old: Json | None, new: Json | None) -> Iterator[str]:
        if new is None:
            if old is not None:
                yield f"{name}: the body is gone"
            return
        if new.get("required") and not (old or {}).get("required"):
            yield f"{name}: the body became required"
        for media, content in (old or {}).get("content", {}).items():
            if media not in new["content"]:
                yield f"{name}: a body of {media} is not taken any more"
            else:
                yield from self._sent(f"{name}: the body", content["schema"], new["content"][media]["schema"])

    def _response(self, where: str, old: Json, new: Json) -> Iterator[str]:
        before, after = _resolved(self.old, old), _resolved(self.new, new)
        for media, content in before.get("content", {}).items():
            if media not in after.get("content", {}):
                yield f"{where}: {media} is gone"
            else:
                schema = after["content"][media]["schema"]
                yield from self._received(f"{where}: the answer", content["schema"], schema)

    def _sent(self, where: str, old: Json, new: Json) -> Iterator[str]:
        """What a client may send must stay allowed."""
        yield from _Schemas(self.old, self.new, sent=True).compare(where, old, new, frozenset())

    def _received(self, where: str, old: Json, new: Json) -> Iterator[str]:
        """What a client relies on must stay there."""
        yield from _Schemas(self.old, self.new, sent=False).compare(where, old, new, frozenset())


@dataclass(frozen=True, slots=True)
class _Schemas:
    """Compares two schemas. `sent`: the client writes the value; otherwise it reads it."""

    old: Json
    new: Json
    sent: bool

    def compare(self, where: str, old: Json, new: Json, seen: Seen) -> Iterator[str]:
        pair = (id(old), id(new))
        if pair in seen:
            return
        seen |= {pair}
        before, after = _variants(self.old, old), _variants(self.new, new)
        yield from self._types(where, before, after)
        plain_before = [each for each in before if each != _NULL]
        plain_after = [each for each in after if each != _NULL]
        if not self.sent and len(plain_after) > len(plain_before):
            yield f"{where} can be something more"
        elif len(plain_after) < len(plain_before):
            yield f"{where} can be something less"
        else:
            for one, other in zip(plain_before, plain_after, strict=False):
                yield from self._variant(where, one, other, seen)

    def _types(self, where: str, before: list[Json], after: list[Json]) -> Iterator[str]:
        old_types, new_types = _types(before), _types(after)
        if self.sent and not old_types <= new_types:
            yield f"{where} takes no {' or '.join(sorted(old_types - new_types))} any more"
        if not self.sent and not new_types <= old_types:
            yield f"{where} can be {' or '.join(sorted(new_types - old_types))}"

    def _variant(self, where: str, old: Json, new: Json, seen: Seen) -> Iterator[str]:
        yield from self._values(where, old, new)
        yield from self._properties(where, old, new, seen)
        if self.sent:
            yield from _tighter(where, old, new)
        if "items" in old and "items" in new:
            yield from self.compare(f"{where}[]", old["items"], new["items"], seen)

    def _values(self, where: str, old: Json, new: Json) -> Iterator[str]:
        for value in old.get("enum", ()):
            if "enum" in new and value not in new["enum"]:
                yield f"{where} has lost the value {value}"
        if self.sent and "enum" in new and "enum" not in old:
            yield f"{where} takes listed values only"
        if old.get("format") != new.get("format"):
            yield f"{where} has the format {new.get('format')} instead of {old.get('format')}"
        if old.get("const", new.get("const")) != new.get("const"):
            yield f"{where} is {new.get('const')} instead of {old.get('const')}"

    def _properties(self, where: str, old: Json, new: Json, seen: Seen) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name not in after:
                yield f"{where}.{name} is gone"
            else:
                yield from self.compare(f"{where}.{name}", schema, after[name], seen)
        required, now = set(old.get("required", ())), set(new.get("required", ()))
        if self.sent:
            for name in sorted(now - required):
                yield f"{where}.{name} {'became' if name in before else 'is new and'} required"
        else:
            for name in sorted((required - now) & after.keys()):
                yield f"{where}.{name} is not always there any more"


def _resolved(document: Json, element: Json) -> Json:
    """The element behind its reference; what stands beside the reference is laid over it."""
    if "$ref" not in element:
        return element
    found: Json = document
    for step in element["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    beside = {key: value for key, value in element.items() if key != "$ref"}
    if "properties" in beside and "properties" in found:
        beside["properties"] = {**found["properties"], **beside["properties"]}
    return {**_resolved(document, found), **beside}


def _variants(document: Json, schema: Json) -> list[Json]:
    """The alternatives of a schema, references followed; one for a plain schema."""
    resolved = _resolved(document, schema)
    alternatives = resolved.get("anyOf") or resolved.get("oneOf")
    if alternatives is None:
        return [resolved]
    return [variant for each in alternatives for variant in _variants(document, each)]


def _types(variants: list[Json]) -> set[str]:
    """The JSON types a value can have; every type where a schema names none."""
    everything = ["array", "boolean", "integer", "null", "number", "object", "string"]
    found: set[str] = set()
    for each in variants:
        named = each.get("type", everything)
        found.update([named] if isinstance(named, str) else named)
    return found | ({"integer"} if "number" in found else set())


def _tighter(where: str, old: Json, new: Json) -> Iterator[str]:
    for bound in _LOWER_BOUNDS:
        if bound in new and (bound not in old or new[bound] > old[bound]):
            yield f"{where} has the {bound} {new[bound]}"
    for bound in _UPPER_BOUNDS:
        if bound in new and (bound not in old or new[bound] < old[bound]):
            yield f"{where} has the {bound} {new[bound]}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{where} has the pattern {new['pattern']}"
