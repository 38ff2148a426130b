"""JSON Schemas: of what a document selects, not of the whole type behind it; and of the input types it takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_required_input_field,
)

from compat_rest.encoding import BODY_PATTERN
from compat_rest.scalars import SCALARS, Schema
from compat_rest.selection import TYPENAME, Selected, Selection, conditional

_TEXTS = frozenset({"String", "ID"})


@dataclass(slots=True)
class Components:
    """The named schemas and responses of the document under construction."""

    schemas: dict[str, Schema] = field(default_factory=dict)
    responses: dict[str, Schema] = field(default_factory=dict)

    def put(self, name: str, schema: Schema, fallback: str) -> Schema:
        """A reference to `schema`; two different schemas cannot have one name, the second one gets `fallback`."""
        if self.schemas.setdefault(name, schema) != schema:
            name = fallback
            self.schemas[name] = schema
        return reference(name)

    def share(self, name: str, response: Schema) -> Schema:
        """A reference to `response`; another one of that name gets a number."""
        numbered, number = name, 1
        while self.responses.setdefault(numbered, response) != response:
            number += 1
            numbered = f"{name}_{number}"
        return {"$ref": f"#/components/responses/{numbered}"}


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Schema) -> Schema:
    """`schema` or null."""
    if isinstance(schema.get("type"), str) and "const" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}


def described(schema: Schema, element: Any) -> Schema:
    """`schema` with what a field, argument or input field says about itself."""
    words: Schema = {}
    if element.description:
        words["description"] = element.description
    if element.deprecation_reason is not None:
        words["deprecated"] = True
        reason = f"Deprecated: {element.deprecation_reason}"
        words["description"] = f"{words['description']}\n\n{reason}" if "description" in words else reason
    if (example := example_of(element)) is not None:
        words["examples"] = [example]
    return {**schema, **words}


def example_of(element: Any) -> Any:
    """The `example` that a schema element carries, in its extensions or in its definition's metadata."""
    extensions, metadata = _carried(element)
    for each in (extensions, metadata):
        if "example" in each:
            return each["example"]
    nested = (each for each in metadata.values() if isinstance(each, Mapping))
    return next((each["example"] for each in nested if each.get("example") is not None), None)


def keywords_of(element: Any) -> Schema:
    """The `jsonSchema` that an argument or input field carries: what may be sent beyond what its type says."""
    extensions, metadata = _carried(element)
    return dict(extensions.get("jsonSchema") or metadata.get("jsonSchema") or {})


def refusals_of(element: Any) -> tuple[str, ...]:
    """The `refuses` that a root field carries: codes that may be its answer beside those that any operation has."""
    extensions, metadata = _carried(element)
    return tuple(extensions.get("refuses") or metadata.get("refuses") or ())


def _carried(element: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The extensions of a schema element and the metadata of its definition."""
    extensions: Mapping[str, Any] = element.extensions or {}
    return extensions, getattr(extensions.get("strawberry-definition"), "metadata", None) or {}


def enum_schema(type_: GraphQLEnumType, components: Components) -> Schema:
    lines = [type_.description or ""]
    lines += [f"- `{name}`: {value.description}" for name, value in type_.values.items() if value.description]
    schema: Schema = {"type": "string", "enum": list(type_.values)}
    if text := "\n".join(line for line in lines if line):
        schema["description"] = text
    return components.put(type_.name, schema, type_.name)


@dataclass(frozen=True, slots=True)
class InputSchemas:
    """What a client may send."""

    components: Components

    def of(self, type_: GraphQLInputType) -> Schema:
        if isinstance(type_, GraphQLNonNull):
            return self._inner(type_.of_type)
        return nullable(self._inner(type_))

    def _inner(self, type_: GraphQLInputType) -> Schema:
        if isinstance(type_, GraphQLList):
            return {"type": "array", "items": self.of(type_.of_type)}
        if isinstance(type_, GraphQLEnumType):
            return enum_schema(type_, self.components)
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_)
        assert isinstance(type_, GraphQLScalarType)
        schema = dict(SCALARS[type_.name].schema)
        return {**schema, "pattern": BODY_PATTERN} if type_.name in _TEXTS else schema

    def _object(self, type_: GraphQLInputObjectType) -> Schema:
        if type_.name not in self.components.schemas:
            schema: Schema = {"type": "object"}
            self.components.schemas[type_.name] = schema  # before its fields: it may contain itself
            if type_.description:
                schema["description"] = type_.description
            schema["properties"] = {name: self._property(each) for name, each in type_.fields.items()}
            required = [name for name, each in type_.fields.items() if is_required_input_field(each)]
            if required:
                schema["required"] = required
            if type_.is_one_of:
                schema |= {"minProperties": 1, "maxProperties": 1}
            schema["additionalProperties"] = False
        return reference(type_.name)

    def _property(self, each: GraphQLInputField) -> Schema:
        schema = described({**self.of(each.type), **keywords_of(each)}, each)
        value: Any = each.default_value
        type_ = get_named_type(each.type)
        if isinstance(type_, GraphQLEnumType):
            bare = getattr(value, "value", value)
            value = next((name for name, known in type_.values.items() if known.value in (value, bare)), None)
        return {**schema, "default": value} if isinstance(value, bool | int | float | str) else schema


@dataclass(frozen=True, slots=True)
class OutputSchemas:
    """What one operation answers. `name` is the operation's."""

    name: str
    selection: Selection
    components: Components

    def of(self, type_: GraphQLOutputType, selections: list[SelectionSetNode]) -> Schema:
        if isinstance(type_, GraphQLNonNull):
            return self._inner(type_.of_type, selections)
        return nullable(self._inner(type_, selections))

    def _inner(self, type_: GraphQLOutputType, selections: list[SelectionSetNode]) -> Schema:
        if isinstance(type_, GraphQLList):
            return {"type": "array", "items": self.of(type_.of_type, selections)}
        if isinstance(type_, GraphQLScalarType):
            return dict(SCALARS[type_.name].schema)
        if isinstance(type_, GraphQLEnumType):
            return enum_schema(type_, self.components)
        return self.members(self.selection.possible(get_named_type(type_)), selections)

    def members(self, types: Iterable[GraphQLObjectType], selections: list[SelectionSetNode]) -> Schema:
        """An object of one of these types; they are told apart where the answer says which one it is."""
        types = list(types)
        if len(types) == 1:
            return self._object(types[0], selections)
        telling = self._telling_key(types, selections)
        if telling is None:
            return {"anyOf": [self._object(each, selections) for each in types]}
        members = {each.name: self._named(each, selections) for each in types}
        mapping = {name: each["$ref"] for name, each in members.items()}
        return {"oneOf": list(members.values()), "discriminator": {"propertyName": telling, "mapping": mapping}}

    def _telling_key(self, types: list[GraphQLObjectType], selections: list[SelectionSetNode]) -> str | None:
        """The key under which every member gives its `__typename`."""
        keys = [
            {each.key for each in self.selection.keys(type_, selections).values() if _tells(each)} for type_ in types
        ]
        return next(iter(sorted(set.intersection(*keys))), None)

    def _named(self, type_: GraphQLObjectType, selections: list[SelectionSetNode]) -> Schema:
        schema = self._object(type_, selections)
        if "$ref" in schema:
            return schema
        name = f"{self.name}{type_.name}"
        return self.components.put(name, schema, f"{name}Member")

    def _object(self, type_: GraphQLObjectType, selections: list[SelectionSetNode]) -> Schema:
        spread = self._only_fragment(type_, selections)
        if spread is None:
            return self._properties(type_, self.selection.keys(type_, selections))
        fragment = self.selection.fragments[spread]
        schema = self._properties(type_, self.selection.keys(type_, [fragment.selection_set]))
        return self.components.put(spread, schema, f"{self.name}{spread}")

    def _properties(self, type_: GraphQLObjectType, keys: Mapping[str, Selected]) -> Schema:
        schema: Schema = {"type": "object"}
        if type_.description:
            schema["description"] = type_.description
        schema["properties"] = {key: self._property(type_, each) for key, each in keys.items()}
        required = [key for key, each in keys.items() if not each.optional]
        return {**schema, "required": required} if required else schema

    def _property(self, type_: GraphQLObjectType, selected: Selected) -> Schema:
        if selected.name == TYPENAME:
            return {"type": "string", "const": type_.name}
        return described(self.of(selected.field.type, selected.selections), selected.field)

    def _only_fragment(self, type_: GraphQLObjectType, selections: list[SelectionSetNode]) -> str | None:
        """The fragment on this very type that is all there is to select."""
        nodes = list(self._applying(type_, selections))
        if len(nodes) != 1 or not isinstance(nodes[0], FragmentSpreadNode) or conditional(nodes[0]):
            return None
        return nodes[0].name.value

    def _applying(self, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode]) -> Iterable[SelectionNode]:
        """The selections for this type, unwrapped until they are fields or fragments on the type itself."""
        for node in (node for each in selections for node in each.selections):
            if isinstance(node, FieldNode):
                yield node
                continue
            inner, condition = self._opened(node)
            if not self.selection.applies(type_, condition):
                continue
            if conditional(node) or (isinstance(node, FragmentSpreadNode) and condition == type_.name):
                yield node
            else:
                yield from self._applying(type_, [inner])

    def _opened(self, node: SelectionNode) -> tuple[SelectionSetNode, str | None]:
        if isinstance(node, FragmentSpreadNode):
            fragment = self.selection.fragments[node.name.value]
            return fragment.selection_set, fragment.type_condition.name.value
        assert isinstance(node, InlineFragmentNode)
        return node.selection_set, node.type_condition.name.value if node.type_condition else None


def _tells(selected: Selected) -> bool:
    return selected.name == TYPENAME and not selected.optional
