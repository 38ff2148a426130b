"""What refuses an event stream before it has begun is answered in the words of its channel, whatever it is."""

from typing import Any

import asyncpg
import pytest

from app.api.operations import Preparer
from app.api.slices import skooly_schema
from app.core.actor import Actor
from app.web.origins import Origins
from app.web.sse.graphql import GraphQLStreams
from app.web.sse.log import LogStreamEndpoint
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
