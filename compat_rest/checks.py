"""What the facade asks of a valid operation beyond GraphQL: one root field, a status per failure, known scalars."""

from collections.abc import Iterator

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
)

from compat_rest.directive import Rest
from compat_rest.mistakes import BrokenDocument
from compat_rest.scalars import SCALARS
from compat_rest.selection import Selected, Selection, conditional

FAILURE = "Failure"
"""The interface of expected failures."""
PROBLEM_MEMBERS = frozenset({"type", "title", "status", "detail", "requestId", "errors"})
"""What a failure cannot answer with: every problem has these for itself."""


def is_failure(selection: Selection, type_: GraphQLObjectType) -> bool:
    interface = selection.schema.type_map.get(FAILURE)
    return isinstance(interface, GraphQLInterfaceType) and interface in type_.interfaces


def root_field(selection: Selection, node: OperationDefinitionNode) -> Selected:
    """The root field of an operation that `selection_mistakes` has found sound."""
    type_ = selection.schema.get_root_type(node.operation)
    assert type_ is not None
    (selected,) = selection.keys(type_, [node.selection_set]).values()
    return selected


def selection_mistakes(selection: Selection, rest: Rest, node: OperationDefinitionNode) -> list[BrokenDocument]:
    fields = node.selection_set.selections
    if len(fields) != 1 or not isinstance(fields[0], FieldNode):
        reason = "the operation must select exactly one root field, whose value is the answer"
        return [BrokenDocument.at(node.selection_set, reason)]
    if conditional(fields[0]):
        return [BrokenDocument.at(fields[0], "the root field cannot hang on @include or @skip")]
    if fields[0].name.value.startswith("__"):
        return [BrokenDocument.at(fields[0], "introspection has no REST endpoint")]
    root = root_field(selection, node)
    return [
        *_statuses(selection, rest, root),
        *_failures(selection, rest, root),
        *_scalars(selection, fields[0], root, set()),
    ]


def _members(selection: Selection, root: Selected) -> dict[str, GraphQLObjectType]:
    """The types a mapped status can name: those of a union or interface at the root."""
    type_ = get_nullable_type(root.field.type)
    if not is_abstract_type(type_):
        return {}
    return {each.name: each for each in selection.possible(get_named_type(type_))}


def _statuses(selection: Selection, rest: Rest, root: Selected) -> Iterator[BrokenDocument]:
    members = _members(selection, root)
    for name, code in rest.status:
        if name not in members:
            known = f"one of {', '.join(members)}" if members else "a union; use success"
            yield rest.mistake("status", f"{name} has a status, but “{root.name}” does not give it ({known})")
        elif is_failure(selection, members[name]) and code < 400:
            yield rest.mistake("status", f"{name} is a failure, its status must be 400–599, not {code}")


def _failures(selection: Selection, rest: Rest, root: Selected) -> Iterator[BrokenDocument]:
    mapped = {name for name, _ in rest.status}
    for name, type_ in _members(selection, root).items():
        if not is_failure(selection, type_):
            continue
        if name not in mapped:
            yield rest.mistake("status", f"the failure {name} of “{root.name}” has no status in @rest(status:)")
        for key in PROBLEM_MEMBERS & selection.keys(type_, root.selections).keys():
            yield rest.mistake("status", f"the failure {name} answers with “{key}”, which every problem has: alias it")


def _scalars(selection: Selection, node: FieldNode, selected: Selected, seen: set[str]) -> Iterator[BrokenDocument]:
    """Leaves below `selected` that no rule describes; each scalar is told once, at the root field."""
    type_ = get_named_type(selected.field.type)
    if isinstance(type_, GraphQLEnumType):
        return
    if isinstance(type_, GraphQLScalarType):
        if type_.name not in SCALARS and type_.name not in seen:
            seen.add(type_.name)
            reason = f"“{selected.key}” is the scalar {type_.name}, which the facade cannot document"
            yield BrokenDocument.at(node, f"{reason}; add it to scalars.py")
        return
    for each in selection.possible(type_):
        for inner in selection.keys(each, selected.selections).values():
            yield from _scalars(selection, node, inner, seen)
