"""The folders of operation documents and shared fragments, read into trees that remember file and line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Source,
    TokenKind,
    parse,
)

from compat_rest.mistakes import BrokenDocument

Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation document. `fragments` are those it spreads, directly or through others, in that order."""

    file: str
    name: str
    node: OperationDefinitionNode
    fragments: tuple[FragmentDefinitionNode, ...]

    @property
    def description(self) -> str | None:
        """The operation's description, or the comment above it."""
        if self.node.description is not None:
            return self.node.description.value.strip()
        return _comment(self.node)


@dataclass(slots=True)
class Library:
    """All that was read. A document that could not be used is a mistake instead of an operation."""

    operations: list[Operation] = field(default_factory=list)
    mistakes: list[BrokenDocument] = field(default_factory=list)


def read_library(operations: Path, fragments: Path) -> Library:
    """Every `.graphql` file below the two folders. Files are named relative to the folder above them."""
    library = Library()
    shared = _shared_fragments(fragments, library.mistakes)
    files = list(_files(operations))
    for path in files:
        _read_operation(_named(path, operations), path, shared, library)
    if not files:
        library.mistakes.append(BrokenDocument(str(operations), 1, "the folder holds no .graphql document"))
    return library


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.rglob("*.graphql")))


def _named(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder.parent))


def _parse(
    file: str, path: Path, mistakes: list[BrokenDocument]
) -> tuple[list[OperationDefinitionNode], list[FragmentDefinitionNode]] | None:
    """The operations and fragments of a file; None after a mistake that leaves nothing to look at."""
    try:
        document = parse(Source(path.read_text("utf-8"), file))
    except GraphQLSyntaxError as error:
        mistakes.append(BrokenDocument.of(file, error))
        return None
    except UnicodeDecodeError:
        mistakes.append(BrokenDocument(file, 1, "the file is not UTF-8"))
        return None
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    strangers = [each for each in document.definitions if each not in (*operations, *fragments)]
    mistakes += [BrokenDocument.at(each, "only an operation and fragments belong here") for each in strangers]
    return operations, fragments


def _shared_fragments(folder: Path, mistakes: list[BrokenDocument]) -> dict[str, FragmentDefinitionNode]:
    shared: dict[str, FragmentDefinitionNode] = {}
    for path in _files(folder):
        parsed = _parse(_named(path, folder), path, mistakes)
        if parsed is None:
            continue
        operations, fragments = parsed
        mistakes += [BrokenDocument.at(each, "a shared file holds fragments only") for each in operations]
        _add(shared, fragments, mistakes)
    return shared


def _add(
    known: dict[str, FragmentDefinitionNode],
    fragments: list[FragmentDefinitionNode],
    mistakes: list[BrokenDocument],
) -> None:
    for each in fragments:
        if each.name.value in known:
            mistakes.append(BrokenDocument.at(each, f"the fragment “{each.name.value}” exists already"))
        known.setdefault(each.name.value, each)


def _read_operation(file: str, path: Path, shared: Fragments, library: Library) -> None:
    parsed = _parse(file, path, library.mistakes)
    if parsed is None:
        return
    operations, own = parsed
    if len(operations) != 1:
        reason = f"the file holds {len(operations)} operations; one document is one endpoint"
        place = operations[1] if operations else None
        library.mistakes.append(BrokenDocument.at(place, reason) if place else BrokenDocument(file, 1, reason))
        return
    known = dict(shared)
    _add(known, own, library.mistakes)
    node = operations[0]
    wrong = _misnamed(node, path.stem) or _subscription(node)
    if wrong:
        library.mistakes.append(wrong)
        return
    reached = _reached(node, known)
    unused = [each for each in own if each not in reached]  # left in, so that validation tells about them
    library.operations.append(Operation(file, path.stem, node, (*reached, *unused)))


def _misnamed(node: OperationDefinitionNode, stem: str) -> BrokenDocument | None:
    if node.name is None:
        return BrokenDocument.at(node, f"the operation has no name; the file's name makes it “{stem}”")
    if node.name.value != stem:
        reason = f"the operation is called “{node.name.value}”, its file makes it “{stem}”"
        return BrokenDocument.at(node.name, reason)
    return None


def _subscription(node: OperationDefinitionNode) -> BrokenDocument | None:
    if node.operation is OperationType.SUBSCRIPTION:
        return BrokenDocument.at(node, "a subscription has no REST endpoint")
    return None


def _reached(node: OperationDefinitionNode, known: Fragments) -> list[FragmentDefinitionNode]:
    reached: dict[str, FragmentDefinitionNode] = {}
    waiting = [node.selection_set]
    while waiting:
        for name in _spreads(waiting.pop(0)):
            if name in known and name not in reached:
                reached[name] = known[name]
                waiting.append(known[name].selection_set)
    return list(reached.values())


def _spreads(selections: SelectionSetNode) -> Iterator[str]:
    for each in selections.selections:
        if isinstance(each, FragmentSpreadNode):
            yield each.name.value
        elif isinstance(each, FieldNode | InlineFragmentNode) and each.selection_set is not None:
            yield from _spreads(each.selection_set)


def _comment(node: OperationDefinitionNode) -> str | None:
    """The lines of `#` right above a definition."""
    assert node.loc is not None
    lines: list[str] = []
    token = node.loc.start_token
    while (above := token.prev) is not None and above.kind is TokenKind.COMMENT and above.line == token.line - 1:
        lines.append((above.value or "").strip())
        token = above
    return "\n".join(reversed(lines)).strip() or None
