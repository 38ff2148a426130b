"""How large an operation may be, counted after fragments are expanded, in time linear in the document.

Counted before validation, because validation itself is slow on hostile documents.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from app.api.errors import DocumentInvalid, Flaw, LimitExceeded

INTROSPECTION = frozenset({"__schema", "__type"})
_TYPE_LISTS = frozenset({"types", "fields", "inputFields", "interfaces", "possibleTypes"})


@dataclass(frozen=True, slots=True)
class Limits:
    tokens: int = 1_000
    comments: int = 200
    depth: int = 7
    aliases: int = 15
    directives: int = 10
    root_fields: int = 10
    fields: int = 300
    repeats: int = 10
    """Of one response name, or of one fragment, in one selection set: merging them is quadratic in validation."""
    introspection_depth: int = 20
    introspection_lists: int = 2
    """Lists of types or fields inside one another: `types { fields { type { fields … } } }` are three."""


LIMITS = Limits()
CHECKED = (
    "depth",
    "aliases",
    "directives",
    "root_fields",
    "fields",
    "repeats",
    "introspection_depth",
    "introspection_lists",
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a selection set holds once expanded; `root_fields` are its own fields.

    What lies under `__schema` and `__type` has a depth of its own: the usual introspection query is deep.
    """

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    root_fields: int = 0
    fields: int = 0
    repeats: int = 0
    lists: int = 0
    introspection_depth: int = 0
    introspection_lists: int = 0

    def beside(self, other: "Usage") -> "Usage":
        return Usage(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.root_fields + other.root_fields,
            self.fields + other.fields,
            max(self.repeats, other.repeats),
            max(self.lists, other.lists),
            max(self.introspection_depth, other.introspection_depth),
            max(self.introspection_lists, other.introspection_lists),
        )

    def under(self, field: FieldNode) -> "Usage":
        """The usage of `field`, whose sub-selection this is."""
        name = field.name.value
        aliases = self.aliases + (field.alias is not None)
        directives = self.directives + len(field.directives or ())
        depth, lists = self.depth + 1, self.lists + (name in _TYPE_LISTS)
        inner_depth, inner_lists = self.introspection_depth, self.introspection_lists
        if name in INTROSPECTION:
            depth, lists, inner_depth, inner_lists = 0, 0, depth, lists
        return Usage(depth, aliases, directives, 1, self.fields + 1, self.repeats, lists, inner_depth, inner_lists)

    def with_directives(self, count: int) -> "Usage":
        return self.beside(Usage(directives=count)) if count else self


_NOTHING = Usage()


def check_limits(document: DocumentNode, limits: Limits = LIMITS) -> None:
    """Raises LimitExceeded when an operation is too large, DocumentInvalid when fragments form a cycle."""
    operations, fragments = measure(document)
    for usage in operations:
        for name in CHECKED:
            _refuse_beyond(name, getattr(usage, name), getattr(limits, name))
    for usage in fragments:  # one that is never spread is validated all the same
        _refuse_beyond("fields", usage.fields, limits.fields)
        _refuse_beyond("repeats", usage.repeats, limits.repeats)


def _refuse_beyond(limit: str, measured: int, maximum: int) -> None:
    if measured > maximum:
        raise LimitExceeded(limit=limit, maximum=maximum)


def measure(document: DocumentNode) -> tuple[list[Usage], list[Usage]]:
    """The usages of the document's operations, in their order, and those of its fragments.

    Raises DocumentInvalid on a cycle of fragments and on an empty selection set.
    """
    fragments = fragments_of(document)
    known: dict[str, Usage] = {}
    for name in dependencies_first(fragments):
        node = fragments[name]
        known[name] = _expanded(node.selection_set, known).with_directives(len(node.directives or ()))
    operations = [
        _expanded(node.selection_set, known).with_directives(_own_directives(node))
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
    ]
    return operations, list(known.values())


def _own_directives(node: OperationDefinitionNode) -> int:
    variables = node.variable_definitions or ()
    return len(node.directives or ()) + sum(len(variable.directives or ()) for variable in variables)


def _expanded(selections: SelectionSetNode, known: Mapping[str, Usage]) -> Usage:
    if not selections.selections:
        raise _flawed("A selection set must not be empty.", selections)
    total = Usage(repeats=max(Counter(map(_name, selections.selections)).values()))
    for node in selections.selections:
        total = total.beside(_usage(node, known))
    return total


def _name(node: SelectionNode) -> str:
    """What the selection would be merged under."""
    if isinstance(node, FieldNode):
        return (node.alias or node.name).value
    if isinstance(node, FragmentSpreadNode):
        return f"...{node.name.value}"
    assert isinstance(node, InlineFragmentNode)
    return f"... on {node.type_condition.name.value if node.type_condition else ''}"


def _usage(node: SelectionNode, known: Mapping[str, Usage]) -> Usage:
    if isinstance(node, FieldNode):
        inner = _expanded(node.selection_set, known) if node.selection_set else _NOTHING
        return inner.under(node)
    if isinstance(node, InlineFragmentNode):
        return _expanded(node.selection_set, known).with_directives(len(node.directives or ()))
    assert isinstance(node, FragmentSpreadNode)
    return known.get(node.name.value, _NOTHING).with_directives(len(node.directives or ()))


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def dependencies_first(fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    """The fragments' names, each after those it spreads. Raises DocumentInvalid on a cycle.

    Without recursion: a document may chain a hundred fragments.
    """
    done: set[str] = set()
    for start in fragments:
        path: dict[str, Iterator[str]] = {start: _spreads(fragments[start].selection_set)}
        while path and start not in done:
            name, spreads = next(reversed(path.items()))
            following = next((s for s in spreads if s in fragments and s not in done), None)
            if following is None:
                path.popitem()
                done.add(name)
                yield name
            elif following in path:
                raise _flawed(f"Cannot spread fragment '{following}' within itself.", fragments[following])
            else:
                path[following] = _spreads(fragments[following].selection_set)


def _spreads(selections: SelectionSetNode) -> Iterator[str]:
    stack: list[Iterable[SelectionNode]] = [selections.selections]
    while stack:
        for node in stack.pop():
            if isinstance(node, FragmentSpreadNode):
                yield node.name.value
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                stack.append(node.selection_set.selections)


def _flawed(message: str, node: SelectionSetNode | FragmentDefinitionNode) -> DocumentInvalid:
    start = node.loc.start_token if node.loc else None
    return DocumentInvalid([Flaw(message, start.line, start.column) if start else Flaw(message, 1, 1)])
