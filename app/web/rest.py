"""The adapter between the generated REST facade and the executor: `compat_rest.gateway.Gateway`, spoken here."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from graphql import DocumentNode, GraphQLSchema

from app.api.authoriser import authorise
from app.api.cost import check_cost
from app.api.executor import Executor, Request
from app.api.operations import PreparedOperation, Preparer
from app.api.problems import OF_STREAMS, PROBLEMS, headers_of
from app.api.schema import ApiSchema
from app.core.actor import Actor
from app.core.errors import Language, SkoolyError
from app.web.exchange import current_exchange
from app.web.keys import Keyring, key_in
from compat_rest.gateway import OperationError, Outcome, Refusal


class RestGateway:
    """Every request of the facade goes through the same authoriser and executor as GraphQL's."""

    def __init__(self, schema: ApiSchema, preparer: Preparer, executor: Executor, keyring: Keyring) -> None:
        self._schema = schema
        self._preparer = preparer
        self._executor = executor
        self._keyring = keyring
        self.statuses: Mapping[str, int] = {
            code: problem.status for code, problem in PROBLEMS.items() if code not in OF_STREAMS
        }
        self.titles: Mapping[str, Mapping[str, str]] = {
            code: {"fr": problem.fr, "en": problem.en} for code, problem in PROBLEMS.items()
        }

    @property
    def schema(self) -> GraphQLSchema:
        return self._schema.graphql

    def prepare(self, document: DocumentNode, name: str) -> PreparedOperation:
        """Raises ValueError: a limit, or a cost that the largest page would reach."""
        try:
            prepared = self._preparer.prepare_document(document, name)
            check_cost(prepared.estimator.ceiling)
        except SkoolyError as failure:
            raise ValueError(failure.message("en")) from failure
        return prepared

    async def authenticate(self, headers: Mapping[str, str], client: str | None) -> Actor:
        try:
            actor = await self._keyring.authenticate(key_in(headers.items()), client)
        except SkoolyError as failure:
            raise _refusal(failure, _language()) from failure
        current_exchange().actor = actor
        return actor

    def authorise(self, caller: Actor, prepared: PreparedOperation) -> None:
        try:
            authorise(caller, prepared.needs)
        except SkoolyError as failure:
            raise _refusal(failure, _language()) from failure

    async def execute(
        self,
        prepared: PreparedOperation,
        variables: dict[str, Any],
        caller: Actor,
        *,
        request_id: str,
        language: str,
    ) -> Outcome:
        wanted: Language = "en" if language == "en" else "fr"
        try:
            outcome = await self._executor.execute(
                prepared, variables, caller, Request(UUID(request_id), wanted, "rest")
            )
        except SkoolyError as failure:
            raise _refusal(failure, wanted) from failure
        errors = [OperationError(each.code, each.message, each.field, each.path) for each in outcome.errors]
        return Outcome(outcome.data, errors)


def _language() -> Language:
    return current_exchange().language


def _refusal(failure: SkoolyError, language: Language) -> Refusal:
    return Refusal(failure.code, failure.message(language), field=failure.field, headers=headers_of(failure))
