"""A GraphQL document made ready: read, measured, validated, and known for what it needs and costs.

The order matters: limits come before validation, which is slow on hostile documents; scopes come from the validated
document; the cost waits for the variables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    TokenKind,
    parse,
    validate,
)

from app.api.authoriser import Needs, needs_of
from app.api.cache import BoundedCache
from app.api.catalogue import Scopes
from app.api.cost import Estimator
from app.api.errors import (
    DocumentInvalid,
    DocumentUnreadable,
    Flaw,
    LimitExceeded,
    MixedIntrospection,
    UnknownOperation,
)
from app.api.limits import LIMITS, check_limits, fragments_of, measure
from app.api.schema import ApiSchema
from app.api.variables import FORBIDDEN_CHARACTERS
from app.api.waiting import Waits

LONGEST_SOURCE = 64 * 1024
MAX_FLAWS = 10
LONGEST_MESSAGE = 300
LONGEST_NUMBER = 40
KEPT_DOCUMENTS = 1_000
KEPT_BYTES = 64 * 1024 * 1024
BYTES_PER_CHARACTER = 80
"""A syntax tree without locations takes some 60 times its text (measured), and its analysis the rest."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class PreparedOperation:
    """One operation of a valid document. Opaque to the facade, but for `scopes`.

    Its identity counts, not its text: the same operation beside other fragments is another one.
    """

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    needs: Needs
    estimator: Estimator
    waits: Waits
    introspects: bool
    label: str
    """What logs and audits call it: the document's name where it is our own, else its root fields, never words of
    the client's."""

    @property
    def subscribes(self) -> bool:
        return self.operation.operation is OperationType.SUBSCRIPTION

    @property
    def scopes(self) -> Scopes:
        """The scopes that open the operation, for its documentation."""
        return frozenset().union(*self.needs.alternatives)


class Preparer:
    """Prepares documents against one schema, and remembers the texts it has prepared."""

    def __init__(self, schema: ApiSchema) -> None:
        self._schema = schema
        self._known: BoundedCache[tuple[str, str | None], PreparedOperation] = BoundedCache(KEPT_DOCUMENTS, KEPT_BYTES)

    def prepare(self, text: str, operation_name: str | None = None) -> PreparedOperation:
        """Raises DocumentUnreadable, LimitExceeded, DocumentInvalid, UnknownOperation or MixedIntrospection."""
        key = (text, operation_name)
        prepared = self._known.get(key)
        if prepared is None:
            located = read_document(text)
            self._check(located)
            # Kept without locations: they would hold every token, four times the tree.
            prepared = self._analyse(parse(text, no_location=True), operation_name, None)
            self._known.put(key, prepared, len(text) * BYTES_PER_CHARACTER)
        return prepared

    def prepare_document(self, document: DocumentNode, name: str) -> PreparedOperation:
        """The same for the operation `name` of a document of our own, at start-up; it is not remembered."""
        self._check(document)
        return self._analyse(document, name, name)

    def _check(self, document: DocumentNode) -> None:
        check_limits(document)
        flaws = validate(self._schema.graphql, document, max_errors=MAX_FLAWS, hide_suggestions=True)
        if flaws:
            raise DocumentInvalid(_flaw(flaw) for flaw in flaws)

    def _analyse(self, document: DocumentNode, operation_name: str | None, label: str | None) -> PreparedOperation:
        schema, catalogue = self._schema.graphql, self._schema.catalogue
        position, operation = _chosen(document, operation_name)
        fragments = fragments_of(document)
        if operation.operation is OperationType.SUBSCRIPTION:
            _refuse_conditions(operation.selection_set, fragments)
        needs = needs_of(schema, catalogue, operation, fragments)
        introspects = measure(document)[0][position].introspection_depth > 0
        if introspects and needs.coordinates:
            raise MixedIntrospection
        estimator = Estimator(schema, catalogue, operation, fragments)
        waits = Waits(schema, catalogue, operation, fragments)
        label = label or ",".join(sorted(_roots(needs, operation, schema))) or "introspection"
        return PreparedOperation(document, operation, fragments, needs, estimator, waits, introspects, label)


def read_document(text: str) -> DocumentNode:
    """Raises DocumentUnreadable or LimitExceeded."""
    if len(text) > LONGEST_SOURCE:
        raise LimitExceeded(limit="characters", maximum=LONGEST_SOURCE)
    try:
        document = parse(text, max_lexical_tokens=LIMITS.tokens, max_comments=LIMITS.comments)
    except GraphQLSyntaxError as error:
        raise _unreadable(error) from None
    except GraphQLError as error:
        raise DocumentUnreadable(reason=_shortened(error.message)) from None
    _refuse_unusable_tokens(document)
    return document


def _unreadable(error: GraphQLSyntaxError) -> DocumentUnreadable | LimitExceeded:
    reason = error.message.removeprefix("Syntax Error: ")
    for limit in ("tokens", "comments"):
        if reason.startswith(f"Document contains more than {getattr(LIMITS, limit)} {limit}"):
            return LimitExceeded(limit=limit, maximum=getattr(LIMITS, limit))
    line, column = error.locations[0] if error.locations else (1, 1)
    return DocumentUnreadable(reason=f"{_shortened(reason)} ({line}:{column})")


def _refuse_unusable_tokens(document: DocumentNode) -> None:
    """Strings in the document are values like any other: `"\\u0000"` must not reach the database. Numbers of thousands
    of digits fail in Python, in Python's words.
    """
    token = document.loc.start_token if document.loc else None
    while token is not None:
        texts = token.kind in (TokenKind.STRING, TokenKind.BLOCK_STRING)
        if texts and token.value and FORBIDDEN_CHARACTERS.search(token.value):
            raise DocumentInvalid([Flaw("Control characters are not allowed.", token.line, token.column)])
        if token.kind in (TokenKind.INT, TokenKind.FLOAT) and token.end - token.start > LONGEST_NUMBER:
            raise DocumentInvalid([Flaw("The number is too long.", token.line, token.column)])
        token = token.next


def _refuse_conditions(root: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
    """A subscription follows one field, which the validation made sure of, whatever its variables say."""
    for selection in root.selections:
        if selection.directives:
            raise DocumentInvalid([Flaw("The root field of a subscription cannot be skipped or included.", 1, 1)])
        if isinstance(selection, FragmentSpreadNode):
            _refuse_conditions(fragments[selection.name.value].selection_set, fragments)
        elif isinstance(selection, InlineFragmentNode):
            _refuse_conditions(selection.selection_set, fragments)


def _roots(needs: Needs, operation: OperationDefinitionNode, schema: GraphQLSchema) -> Iterator[str]:
    root = schema.get_root_type(operation.operation)
    prefix = f"{root}."
    return (where.removeprefix(prefix) for where in needs.coordinates if where.startswith(prefix))


def _flaw(error: GraphQLError) -> Flaw:
    line, column = error.locations[0] if error.locations else (1, 1)
    return Flaw(_shortened(error.message), line, column)


def _shortened(message: str) -> str:
    """Messages quote the document, which may be long."""
    return message if len(message) <= LONGEST_MESSAGE else message[:LONGEST_MESSAGE] + "…"


def _chosen(document: DocumentNode, name: str | None) -> tuple[int, OperationDefinitionNode]:
    """The operation to run and its place among the document's operations. Raises UnknownOperation."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fitting = [
        (place, node)
        for place, node in enumerate(operations)
        if name is None or (node.name is not None and node.name.value == name)
    ]
    if len(fitting) != 1:
        raise UnknownOperation(field="operationName")
    return fitting[0]
