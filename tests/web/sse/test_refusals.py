"""What refuses an event stream before it has begun is answered in the words of its channel, whatever it is."""

from typing import Any

import asyncpg
import pytest

from app.api.operations import Preparer
from app.api.slices import skooly_schema
from app.core.actor import Actor
from app.core.errors import Unavailable
from app.web.origins import Origins
from app.web.sse.answer import Follower
from app.web.sse.graphql import GraphQLStreams
from app.web.sse.log import LogStreamEndpoint
from app.web.staying import Stayers
from tests.api.support import actor
from tests.web.support import client_of, code_of

NOBODY: Any = None


class Dying:
    """A keyring whose PostgreSQL is killed in mid-answer, or that has a fault of its own."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def authenticate(self, token: str, client_ip: str | None) -> Actor:
        raise self._error

    async def vouched(self, key_id: str, client_ip: str | None) -> Actor:
        raise self._error


@pytest.fixture(scope="module")
def preparer() -> Preparer:
    return Preparer(skooly_schema())


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (asyncpg.InternalClientError("cannot switch to state 12"), 503, "UNAVAILABLE"),
        (ValueError("a secret"), 500, "INTERNAL_ERROR"),
    ],
)
async def test_a_fault_before_the_beginning_is_named(
    preparer: Preparer, error: Exception, status: int, code: str
) -> None:
    keyring = Dying(error)
    for app, method in (
        (LogStreamEndpoint(preparer, keyring, NOBODY, Origins(()), NOBODY), "GET"),
        (GraphQLStreams(preparer, NOBODY, keyring, NOBODY), "POST"),
    ):
        async with client_of(app) as client:
            answer = await client.request(method, "/", headers={"accept": "text/event-stream"})
        assert (answer.status_code, code_of(answer)) == (status, code)
        assert "secret" not in answer.text


class Open:
    """A stream of which it is only known whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        self.closed = True


class Stopping:
    """An engine that opens a stream while the server is told to stop."""

    def __init__(self, stayers: Stayers) -> None:
        self._stayers = stayers
        self.stream = Open()

    async def subscribe(self, *_: Any) -> Any:
        await self._stayers.leave()
        return self.stream


async def test_a_server_that_stops_begins_no_stream() -> None:
    stayers = Stayers()
    live: Any = Stopping(stayers)
    with pytest.raises(Unavailable):
        await Follower(live, stayers).follow(NOBODY, {}, actor(), NOBODY, NOBODY, NOBODY)
    assert live.stream.closed
    assert len(stayers) == 0
