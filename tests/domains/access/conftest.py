"""A turnstile, and a way to put people in front of it."""

from collections.abc import Awaitable, Callable, Collection

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.ids import new_id
from app.domains.access.decisions import Reason
from app.domains.access.loaders import AccessChecks
from app.domains.access.schema import Mutation, Query
from app.domains.access.service import check_access
from tests.support.clock import FixedClock
from tests.support.factories.access import Visit, make_visit
from tests.support.factories.partners import make_actor
from tests.support.operations import Asker

MakeVisit = Callable[..., Awaitable[Visit]]


@pytest.fixture
def asker(database: Database, clock: FixedClock) -> Asker:
    return Asker(database, clock, [Query], [Mutation])


@pytest.fixture
async def actor(database: Database) -> Actor:
    return await make_actor(database, preset="tourniquet")


@pytest.fixture
def visit(database: Database, actor: Actor, clock: FixedClock) -> MakeVisit:
    async def make(*against: Reason, actor: Actor = actor) -> Visit:
        reasons: Collection[Reason] = against
        async with database.transaction(Wall.app(actor.school_id)) as session:
            return await make_visit(session, actor, reasons, now=clock.now())

    return make


async def ask(checks: AccessChecks, actor: Actor, nfc: str, zone: str) -> Reason | None:
    """Why not, without GraphQL around the question."""
    decision = await check_access(
        checks, actor, nfc=nfc, zone=zone, request_id=new_id(), operation="checkAccess", channel="rest"
    )
    return decision.reason
