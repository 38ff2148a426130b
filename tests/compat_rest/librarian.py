"""A gateway to the library over plain graphql-core: it stands for the application's executor and its keys."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, FieldNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, execute

from compat_rest.gateway import OperationError, Outcome, Refusal
from tests.compat_rest.library import Lent, schema

READER, GUEST = "reader", "guest"
STATUSES = {
    "UNAUTHENTICATED": 401,
    "INSUFFICIENT_SCOPE": 403,
    "BOOK_NOT_FOUND": 404,
    "ALREADY_LENT": 409,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "BAD_USER_INPUT": 400,
    "RATE_LIMITED": 429,
}
TITLES = {code: {"fr": f"{code} en français", "en": f"{code} in English"} for code in STATUSES}


@dataclass(frozen=True)
class PreparedOperation:
    document: DocumentNode
    name: str
    scopes: frozenset[str]


class Librarian:
    """`X-API-KEY: reader` may do everything, `guest` nothing; operations on the field `broken` are refused."""

    def __init__(self) -> None:
        self.lent = Lent()
        self.clients: list[str | None] = []
        self.statuses: Mapping[str, int] = STATUSES
        self.titles: Mapping[str, Mapping[str, str]] = TITLES

    @property
    def schema(self) -> GraphQLSchema:
        return schema._schema

    def prepare(self, document: DocumentNode, name: str) -> PreparedOperation:
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        assert operation.name is not None
        (root,) = operation.selection_set.selections
        assert isinstance(root, FieldNode)
        if root.name.value == "broken":
            raise ValueError("the operation costs 1001, at most 1000")
        return PreparedOperation(document, name, frozenset({f"{root.name.value}:use"}))

    async def authenticate(self, headers: Mapping[str, str], client: str | None) -> str:
        self.clients.append(client)
        key = headers.get("x-api-key")
        if key not in (READER, GUEST):
            raise Refusal("UNAUTHENTICATED", headers={"WWW-Authenticate": 'Bearer realm="library"'})
        return key

    def authorise(self, caller: str, prepared: PreparedOperation) -> None:
        if caller == GUEST:
            raise Refusal("INSUFFICIENT_SCOPE", f"Il manque {', '.join(prepared.scopes)}.")

    async def execute(
        self,
        prepared: PreparedOperation,
        variables: dict[str, Any],
        caller: str,
        *,
        request_id: str,
        language: str,
    ) -> Outcome:
        result = execute(
            self.schema,
            prepared.document,
            variable_values=variables,
            context_value=self.lent,
            operation_name=prepared.name,
        )
        if asyncio.iscoroutine(result):
            result = await result
        errors = [_error(each) for each in result.errors or ()]
        return Outcome(result.data, errors, {"RateLimit": '"default";r=9'})


def _error(error: GraphQLError) -> OperationError:
    code = "SURPRISE" if error.original_error else "BAD_USER_INPUT"
    return OperationError(code, error.message, path=tuple(error.path or ()))
