"""Asking GraphQL as a partner would, without HTTP: the whole way through authoriser, executor and audit."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from graphql import GraphQLSchema

from app.api.authoriser import Needs, authorise
from app.api.executor import Executor, Outcome, Request, Runner
from app.api.openings import root_fields
from app.api.operations import Preparer
from app.api.plans import PlannedRunner
from app.api.schema import assemble
from app.core.actor import Actor
from app.core.clock import Clock
from app.core.database import Database
from app.core.errors import Language
from app.core.ids import new_id
from app.core.pagination import Cursors
from app.domains.access.loaders import AccessChecks
from app.domains.events.cursors import LogCursors
from app.domains.events.watching import KeyLook, PeopleNamed
from app.domains.partners.audit import record_audit
from app.domains.partners.openings import Openings
from app.domains.partners.service import Peppers
from app.domains.students.named import students_named
from tests.support.factories.partners import PEPPERS

CURSOR_SECRET = "a secret for tests: 32 characters"


async def trusting(_: Actor) -> None:
    """For actors without a key in the database."""


class Asker:
    """A schema of some slices' roots over a real database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        queries: Sequence[type],
        mutations: Sequence[type] = (),
        *,
        make_runner: Callable[[GraphQLSchema], Runner] = PlannedRunner,
        services: Mapping[type, object] | None = None,
    ) -> None:
        self.schema = assemble(queries, mutations)
        self._preparer = Preparer(self.schema)
        known: dict[type, object] = {
            Cursors: Cursors(CURSOR_SECRET),
            LogCursors: LogCursors(CURSOR_SECRET),
            PeopleNamed: PeopleNamed(students_named),
            KeyLook: KeyLook(trusting),
            AccessChecks: AccessChecks(database, clock),
            Openings: Openings(partial(root_fields, self.schema), lambda _: []),
            Peppers: Peppers(PEPPERS),
        } | dict(services or {})
        runner = make_runner(self.schema.graphql)
        self._executor = Executor(self.schema, database, clock, record_audit, services=known, runner=runner)

    def needs(self, text: str) -> Needs:
        return self._preparer.prepare(text).needs

    async def ask(self, actor: Actor, text: str, *, language: Language = "fr", **variables: Any) -> Outcome:
        """Raises what the API refuses before running: InsufficientScope, BadUserInput …"""
        prepared = self._preparer.prepare(text)
        authorise(actor, prepared.needs)
        return await self._executor.execute(prepared, variables, actor, Request(new_id(), language, "graphql"))

    async def data(self, actor: Actor, text: str, **variables: Any) -> dict[str, Any]:
        """What was answered; fails the test on any error."""
        outcome = await self.ask(actor, text, **variables)
        assert not outcome.errors, outcome.errors
        assert outcome.data is not None
        return outcome.data

    async def refusal(self, actor: Actor, text: str, **variables: Any) -> tuple[str, str | None]:
        """(code, field) of the one error; fails the test where there is none."""
        outcome = await self.ask(actor, text, **variables)
        [error] = outcome.errors
        return error.code, error.field
