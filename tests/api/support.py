"""Running operations on the sample schema."""

import uuid
from typing import Any

from app.api.executor import Executor, Outcome, Request
from app.api.operations import Preparer
from app.api.schema import ApiSchema
from app.core.actor import Actor
from app.core.database import Database
from app.core.ids import new_id
from app.core.scopes import Scope
from tests.api.sample import sample_schema
from tests.support.clock import FixedClock

NOWHERE = "postgresql+asyncpg://skooly@127.0.0.1:1/nowhere"
EVERYTHING = frozenset(str(scope) for scope in Scope)


def actor(*scopes: str) -> Actor:
    """A key with these scopes; with all of them when none is named."""
    return Actor(
        school_id=uuid.uuid4(),
        school_code="DEMO",
        timezone="Africa/Dakar",
        partner_id=uuid.uuid4(),
        partner_name="Cantine",
        key_id="abcdefghijkl",
        scopes=frozenset(scopes) or EVERYTHING,
    )


async def no_audit(*_: Any, **__: Any) -> None:
    """For schemas that show nobody's data."""


def make_executor(schema: ApiSchema, *, seconds: float = 5.0, database: Database | None = None) -> Executor:
    """An executor whose database, unless given, is never reached."""
    return Executor(schema, database or Database(NOWHERE), FixedClock(), no_audit, seconds=seconds)


class Sample:
    """The sample schema with its preparer and executor."""

    def __init__(self, *, seconds: float = 5.0) -> None:
        self.schema = sample_schema()
        self.preparer = Preparer(self.schema)
        self.executor = make_executor(self.schema, seconds=seconds)

    async def run(
        self, text: str, variables: dict[str, Any] | None = None, *, who: Actor | None = None, language: Any = "en"
    ) -> Outcome:
        """Executes without authorising: the tests of the authoriser do that."""
        prepared = self.preparer.prepare(text)
        request = Request(new_id(), language, "graphql")
        return await self.executor.execute(prepared, variables or {}, who or actor(), request)
