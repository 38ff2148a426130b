"""A mistake in a document stops the start; all mistakes of all documents are told at once."""

from collections.abc import Iterable

from graphql import GraphQLError, Node


class BrokenDocument(Exception):
    """One mistake: `file` as the folder names it, `line` from 1, `reason` for the person who wrote the document."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason

    @classmethod
    def at(cls, node: Node, reason: str) -> "BrokenDocument":
        """The mistake of a parsed node, which remembers its file (a shared fragment has another one)."""
        assert node.loc is not None
        return cls(node.loc.source.name, node.loc.start_token.line, reason)

    @classmethod
    def of(cls, file: str, error: GraphQLError) -> "BrokenDocument":
        """The mistake graphql-core found. `file` is said only where the error has no place of its own."""
        if error.source is None or not error.locations:
            return cls(file, 1, error.message)
        return cls(error.source.name, error.locations[0].line, error.message)


class BrokenDocuments(Exception):
    """Why the facade does not start: every `BrokenDocument`, by file and line."""

    def __init__(self, mistakes: Iterable[BrokenDocument]) -> None:
        self.mistakes = sorted(mistakes, key=lambda each: (each.file, each.line, each.reason))
        count = len(self.mistakes)
        noun = "mistake" if count == 1 else "mistakes"
        super().__init__("\n".join([f"{count} {noun} in the REST operations:", *map(str, self.mistakes)]))
