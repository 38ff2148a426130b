"""From documents to endpoints: everything a request needs, worked out once at start-up.

The steps for each document: take the binding, strip the directive, validate with the schema, check what the facade
adds to GraphQL, and let the application prepare the operation. Then the documents together: paths are unique.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLOutputType,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_non_null_type,
    validate,
)

from compat_rest import checks, directive
from compat_rest.binding import Binding, bind
from compat_rest.documents import Operation, read_library
from compat_rest.gateway import Gateway
from compat_rest.lifecycle import Lifecycle, lifecycle_of
from compat_rest.mistakes import BrokenDocument, BrokenDocuments
from compat_rest.paging import Paging, paging_of
from compat_rest.parameters import Parameters, compile_parameters
from compat_rest.selection import TYPENAME, Selected, Selection

FAILURE_KEYS = {"_code": "code", "_message": "message", "_field": "field"}
"""Where the facade finds what a failure says. Aliases, since another member's `message` may have another type."""


@dataclass(frozen=True, slots=True)
class Member:
    """How an object of one type is answered: a failure is a problem, anything else plain JSON."""

    status: int
    failure: bool


@dataclass(frozen=True, slots=True)
class Root:
    """The one field whose value is the answer. `members` is empty where it has one type only.

    `typename_is_ours`: strip it, the author did not ask for it.
    """

    selected: Selected
    members: Mapping[str, Member]
    typename_is_ours: bool

    @property
    def key(self) -> str:
        return self.selected.key

    @property
    def type(self) -> GraphQLOutputType:
        return self.selected.field.type

    @property
    def nullable(self) -> bool:
        return not is_non_null_type(self.type)


@dataclass(frozen=True, slots=True)
class Endpoint:
    name: str
    operation: Operation
    binding: Binding
    parameters: Parameters
    selection: Selection
    root: Root
    document: DocumentNode
    prepared: Any
    scopes: frozenset[str]
    paging: Paging
    lifecycle: Lifecycle


def load_endpoints(gateway: Gateway, operations: Path, fragments: Path) -> tuple[Endpoint, ...]:
    """The endpoints of every document. Raises BrokenDocuments with every mistake in any of them."""
    library = read_library(operations, fragments)
    mistakes, endpoints = list(library.mistakes), []
    for operation in library.operations:
        endpoint, found = _load(gateway, operation)
        mistakes += found
        if endpoint is not None:
            endpoints.append(endpoint)
    mistakes += _clashes(endpoints)
    if mistakes:
        raise BrokenDocuments(_once(mistakes))
    return tuple(endpoints)


def _once(mistakes: Iterable[BrokenDocument]) -> list[BrokenDocument]:
    """A mistake in a shared fragment is found with every operation that spreads it, and told once."""
    return list({str(each): each for each in mistakes}.values())


def _load(gateway: Gateway, operation: Operation) -> tuple[Endpoint | None, list[BrokenDocument]]:
    rest, mistakes = directive.read(operation.node)
    binding = None
    if rest is not None:
        binding, more = bind(rest, operation.node)
        mistakes += more
    stripped = directive.strip(operation.node)
    document = DocumentNode(definitions=(stripped, *operation.fragments))
    errors = validate(gateway.schema, document)
    mistakes += [BrokenDocument.of(operation.file, error) for error in errors]
    if mistakes or rest is None or binding is None:
        return None, mistakes
    selection = Selection(gateway.schema, {each.name.value: each for each in operation.fragments})
    mistakes += checks.selection_mistakes(selection, rest, stripped)
    parameters, unfit = compile_parameters(gateway.schema, binding, stripped)
    mistakes += unfit
    if mistakes:
        return None, mistakes
    return _prepare(gateway, operation, binding, parameters, selection, stripped)


def _prepare(
    gateway: Gateway,
    operation: Operation,
    binding: Binding,
    parameters: Parameters,
    selection: Selection,
    node: OperationDefinitionNode,
) -> tuple[Endpoint | None, list[BrokenDocument]]:
    root = _root(selection, binding, node)
    document = DocumentNode(definitions=(_completed(node, root), *operation.fragments))
    try:
        prepared = gateway.prepare(document, operation.name)
        lifecycle = lifecycle_of(selection, root.selected)
    except ValueError as refused:
        return None, [BrokenDocument.at(node, str(refused))]
    paging = paging_of(selection, root.selected, parameters)
    return Endpoint(
        operation.name,
        operation,
        binding,
        parameters,
        selection,
        root,
        document,
        prepared,
        prepared.scopes,
        paging,
        lifecycle,
    ), []


def _root(selection: Selection, binding: Binding, node: OperationDefinitionNode) -> Root:
    selected = checks.root_field(selection, node)
    type_ = get_nullable_type(selected.field.type)
    if not is_abstract_type(type_):
        return Root(selected, {}, typename_is_ours=False)
    possible = selection.possible(get_named_type(type_))
    members = {
        each.name: Member(binding.statuses.get(each.name, binding.success), failure=checks.is_failure(selection, each))
        for each in possible
    }
    asked = all(TYPENAME in selection.keys(each, selected.selections) for each in possible)
    return Root(selected, members, typename_is_ours=not asked)


def _completed(node: OperationDefinitionNode, root: Root) -> OperationDefinitionNode:
    """The operation with what the facade asks for itself: which member it got, and what a failure says."""
    if not root.members:
        return node
    (field,) = node.selection_set.selections
    assert isinstance(field, FieldNode)
    assert field.selection_set is not None
    asked: list[SelectionNode] = [FieldNode(name=NameNode(value=TYPENAME))]
    if any(member.failure for member in root.members.values()):
        asked.append(_FAILURE)
    inner = SelectionSetNode(selections=(*asked, *field.selection_set.selections))
    return replace(node, selection_set=SelectionSetNode(selections=(replace(field, selection_set=inner),)))


_FAILURE = InlineFragmentNode(
    type_condition=NamedTypeNode(name=NameNode(value=checks.FAILURE)),
    selection_set=SelectionSetNode(
        selections=tuple(
            FieldNode(name=NameNode(value=name), alias=NameNode(value=alias)) for alias, name in FAILURE_KEYS.items()
        )
    ),
)


def _clashes(endpoints: list[Endpoint]) -> list[BrokenDocument]:
    """Two documents for one request, or two placeholders where no segment could tell them apart."""
    mistakes = []
    first: dict[tuple[str, ...], Endpoint] = {}
    taken: dict[tuple[str, tuple[str, ...]], Endpoint] = {}
    for each in endpoints:
        shape = tuple("{}" if segment.placeholder else segment.text for segment in each.binding.segments)
        other = taken.setdefault((each.binding.method, shape), each)
        spelt = first.setdefault(shape, each)
        if other is not each:
            reason = f"{each.binding.method} {each.binding.path} is already {other.operation.file}"
            mistakes.append(BrokenDocument.at(each.operation.node, reason))
        elif spelt.binding.path != each.binding.path:
            reason = f"{each.binding.path} is ambiguous with {spelt.binding.path} of {spelt.operation.file}"
            mistakes.append(BrokenDocument.at(each.operation.node, reason))
    return mistakes
