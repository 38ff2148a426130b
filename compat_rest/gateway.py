"""What the facade asks of the application: one schema, one executor, one table of statuses.

The facade knows nothing else of its host. Every value below is JSON as GraphQL would carry it: variables are
given uncoerced (a date is still its text), data comes back serialised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from graphql import DocumentNode, GraphQLSchema


@dataclass(frozen=True, slots=True)
class OperationError:
    """An error of the execution. `message` is already in the caller's language and safe to show."""

    code: str
    message: str
    field: str | None = None
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one operation; `headers` (rate limits, say) go out with whatever answer it becomes."""

    data: dict[str, Any] | None
    errors: Sequence[OperationError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The application declines the request before or instead of executing it.

    `code` is a key of `Gateway.statuses`; a code the table does not know is answered as an internal error.
    `detail` is in the caller's language; without one, the title of the code is shown.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.field = field
        self.headers: Mapping[str, str] = headers or {}


class Prepared(Protocol):
    """An operation the application has checked once, at start-up."""

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes the operation asks for, for the documentation."""


class Gateway(Protocol):
    """The application as the facade sees it."""

    @property
    def schema(self) -> GraphQLSchema:
        """The schema every document is validated against and executed on."""

    @property
    def statuses(self) -> Mapping[str, int]:
        """HTTP status of every error code the application can give."""

    @property
    def titles(self) -> Mapping[str, Mapping[str, str]]:
        """Title of every error code: code → {"fr": …, "en": …}."""

    def prepare(self, document: DocumentNode, name: str) -> Prepared:
        """Check limits, scopes and cost of the operation called `name`.

        Raises ValueError with a reason a developer can act on; it stops the start.
        """

    async def authenticate(self, headers: Mapping[str, str], client: str | None) -> Any:
        """The caller behind the request; header names are in lower case. Raises Refusal."""

    def authorise(self, caller: Any, prepared: Any) -> None:
        """Raises Refusal where the caller may not run the whole operation."""

    async def execute(
        self, prepared: Any, variables: dict[str, Any], caller: Any, *, request_id: str, language: str
    ) -> Outcome:
        """Run the operation. An absent variable is absent from `variables`; a null one is None.

        `language` is "fr" or "en". May raise Refusal (limits, time, overload).
        """
