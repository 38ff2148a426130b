"""How a resolved Python value becomes JSON, decided per selection before any request comes.

A shape is a function of the value: it reads plain attributes, all the way down, and leaves for later the fields that
have a resolver of their own. Each shape does what graphql-core's completion does, or raises PlanBroken where that
would record an error.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionSetNode,
    Undefined,
    is_abstract_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from app.api.plans.errors import NotPlannable, PlanBroken

Later = list[tuple[Any, dict[str, Any], "ResolvedField"]]
"""What a shape leaves behind: an object, its answer so far, and the field of it that is still to be resolved."""
Shape = Callable[[Any, Later], Any]
TYPENAME = "__typename"
# Builtin scalars give these values back as they are; anything else goes through the scalar.
_AS_THEY_ARE: dict[str, type] = {"String": str, "ID": str, "Boolean": bool}


@dataclass(frozen=True, slots=True)
class Step:
    """One key of an object's answer; without an attribute it is `__typename`.

    Values of `leaf_class` need no shaping: the scalar gives them back as they are.
    """

    key: str
    attribute: str | None
    shape: Shape
    leaf_class: type | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedField:
    """A field that a resolver answers: how it is called and how its value is shaped."""

    key: str
    parent: GraphQLObjectType
    definition: GraphQLField
    nodes: Sequence[FieldNode]
    shape: Shape


class Shapes:
    """Makes the shapes of one operation."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def collect(self, parent: GraphQLObjectType, selections: Sequence[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """The fields of a concrete type by response key, in the order of the answer. Raises NotPlannable."""
        collected: dict[str, list[FieldNode]] = {}
        for selection in selections:
            self._collect_into(collected, parent, selection)
        return collected

    def output(self, wanted: GraphQLOutputType, nodes: Sequence[FieldNode]) -> Shape:
        """The shape of a field of type `wanted`. Raises NotPlannable."""
        if isinstance(wanted, GraphQLNonNull):
            return _not_null(self._nullable(wanted.of_type, nodes))
        return _or_null(self._nullable(wanted, nodes))

    def resolved(self, parent: GraphQLObjectType, key: str, nodes: Sequence[FieldNode]) -> ResolvedField:
        """Raises NotPlannable."""
        definition = parent.fields[nodes[0].name.value]
        if definition.resolve is None:
            raise NotPlannable("a field without resolver")
        return ResolvedField(key, parent, definition, nodes, self.output(definition.type, nodes))

    def _nullable(self, wanted: GraphQLOutputType, nodes: Sequence[FieldNode]) -> Shape:
        if isinstance(wanted, GraphQLList):
            return _list_of(self.output(wanted.of_type, nodes))
        if is_leaf_type(wanted):
            return _leaf(wanted)
        selections = [node.selection_set for node in nodes if node.selection_set]
        if is_abstract_type(wanted):
            return self._abstract(wanted, selections)
        assert isinstance(wanted, GraphQLObjectType)
        return self._object(wanted, selections)

    def _abstract(
        self, wanted: GraphQLInterfaceType | GraphQLUnionType, selections: Sequence[SelectionSetNode]
    ) -> Shape:
        """By the exact Python class of the value, as Strawberry tells members apart."""
        members = {
            _origin(member): self._object(member, selections) for member in self._schema.get_possible_types(wanted)
        }

        def shape(value: Any, later: Later) -> Any:
            member = members.get(type(value))
            if member is None:
                raise PlanBroken(wanted.name)
            return member(value, later)

        return shape

    def _object(self, wanted: GraphQLObjectType, selections: Sequence[SelectionSetNode]) -> Shape:
        steps = [self._step(wanted, key, nodes) for key, nodes in self.collect(wanted, selections).items()]
        return _object(steps, wanted.name)

    def _step(self, parent: GraphQLObjectType, key: str, nodes: Sequence[FieldNode]) -> Step | ResolvedField:
        name = nodes[0].name.value
        if name == TYPENAME:
            return Step(key, None, _as_it_is)
        field = parent.fields[name]
        attribute = _attribute(field)
        if attribute is None:
            return self.resolved(parent, key, nodes)
        return Step(key, attribute, self.output(field.type, nodes), _leaf_class(field.type))

    def _collect_into(
        self, collected: dict[str, list[FieldNode]], parent: GraphQLObjectType, selection_set: SelectionSetNode
    ) -> None:
        for selection in selection_set.selections:
            if selection.directives:
                raise NotPlannable("@skip and @include")
            if isinstance(selection, FieldNode):
                key = (selection.alias or selection.name).value
                collected.setdefault(key, []).append(selection)
                continue
            node = self._fragments[selection.name.value] if isinstance(selection, FragmentSpreadNode) else selection
            assert isinstance(node, FragmentDefinitionNode | InlineFragmentNode)
            if self._applies(node.type_condition, parent):
                self._collect_into(collected, parent, node.selection_set)

    def _applies(self, condition: Any, parent: GraphQLObjectType) -> bool:
        if condition is None:
            return True
        named = self._schema.type_map[condition.name.value]
        return named is parent or (is_abstract_type(named) and self._schema.is_sub_type(named, parent))


def _origin(wanted: GraphQLObjectType) -> type:
    origin: type = wanted.extensions["strawberry-definition"].origin
    return origin


def _attribute(field: GraphQLField) -> str | None:
    """The Python attribute of a plain field; None for one with a resolver of its own."""
    definition = (field.extensions or {}).get("strawberry-definition")
    if not isinstance(definition, StrawberryField) or not definition.is_basic_field or definition.extensions:
        return None
    return definition.python_name


def _object(steps: Sequence[Step | ResolvedField], name: str) -> Shape:
    """One function made for this selection: a list calls it a thousand times, and a loop takes 1.6 times as long.

    Keys are GraphQL names and attributes are Python names of the schema: nothing of a request is compiled.
    """
    known: dict[str, Any] = {}
    parts, left = [], []
    for number, step in enumerate(steps):
        if isinstance(step, ResolvedField):
            known[f"field{number}"] = step
            parts.append(f"{step.key!r}: None")  # keeps its place among the keys
            left.append(f"; later.append((value, made, field{number}))")
        else:
            parts.append(f"{step.key!r}: {_read(step, number, name, known)}")
    exec(f"def shape(value, later): made = {{{', '.join(parts)}}}{''.join(left)}; return made", known)  # noqa: S102
    shape: Shape = known["shape"]
    return shape


def _read(step: Step, number: int, name: str, known: dict[str, Any]) -> str:
    """The expression for one key; adds to `known` what it names."""
    if step.attribute is None:
        return repr(name)
    known[f"shape{number}"] = step.shape
    read = f"value.{step.attribute}"
    if step.leaf_class is None:
        return f"shape{number}({read}, later)"
    known[f"leaf{number}"] = step.leaf_class
    return f"v if (v := {read}).__class__ is leaf{number} else shape{number}(v, later)"


def _as_it_is(value: Any, _: Later) -> Any:
    return value


def _list_of(item: Shape) -> Shape:
    def shape_list(value: Any, later: Later) -> Any:
        if not isinstance(value, list | tuple):
            raise PlanBroken("list")
        return [item(each, later) for each in value]

    return shape_list


def _not_null(shape: Shape) -> Shape:
    def shape_not_null(value: Any, later: Later) -> Any:
        if value is None:
            raise PlanBroken("null")
        return shape(value, later)

    return shape_not_null


def _or_null(shape: Shape) -> Shape:
    return lambda value, later: None if value is None else shape(value, later)


def _leaf_class(wanted: GraphQLOutputType) -> type | None:
    nullable = wanted.of_type if isinstance(wanted, GraphQLNonNull) else wanted
    return _AS_THEY_ARE.get(nullable.name) if isinstance(nullable, GraphQLScalarType) else None


def _leaf(wanted: GraphQLLeafType) -> Shape:
    coerce = wanted.coerce_output_value

    def shape_leaf(value: Any, _: Later) -> Any:
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise PlanBroken(wanted.name)
        return coerced

    return shape_leaf
