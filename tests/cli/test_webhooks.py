"""`skooly webhooks`, as an operator types it."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.cli.data_directory import CHECKOUT
from app.core.database import Database, Wall
from app.core.signing import read_secret
from app.domains.events.service import append_events_from
from app.domains.partners.service import create_school, revoke_key
from app.domains.partners.tables import School
from app.domains.webhooks.envelope import webhook_id
from app.domains.webhooks.fanning import expand
from app.domains.webhooks.outcomes import Kind, Outcome
from app.domains.webhooks.service.replays import AT_ONCE, LOOKED_AT
from app.domains.webhooks.sweeping import disable_failing
from tests.domains.webhooks.conftest import Engine
from tests.support.clock import FixedClock
from tests.support.factories.partners import make_key
from tests.support.factories.webhooks import happen, make_endpoint

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
URL = "https://recepteur.invalid/skooly"
Skooly = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
async def school(fresh_database: Database) -> School:
    """With an integration that may read everything."""
    given = {"code": "LYCEE", "name": "Lycée", "timezone": "Africa/Dakar", "currency": "XOF"}
    school = await create_school(fresh_database, **given)
    await make_key(fresh_database, school, partner="Moodle")
    return school


@pytest.fixture
def skooly(school: School, fresh_database_url: str) -> Skooly:
    """Runs a command against a production database with one school; its name server never answers."""
    environment = {
        **os.environ,
        "SKOOLY_DATABASE_URL": fresh_database_url,
        "SKOOLY_REDIS_URL": "redis://unused",
        "SKOOLY_KEY_PEPPERS": json.dumps({"1": KEY}),
        "SKOOLY_SECRET_KEYS": json.dumps({"1": KEY}),
        "SKOOLY_CURSOR_SECRET": "c" * 32,
        "SKOOLY_NAME_SERVERS": "127.0.0.1",
        "SKOOLY_NAME_SERVER_PORT": "9",
    }

    def run(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli", "webhooks", *arguments]
        return subprocess.run(command, cwd=CHECKOUT, env={**environment, **changed}, capture_output=True, text=True)

    return run


async def append(database: Database, school: School, count: int) -> None:
    """Events student.updated, in one statement."""
    many = "SELECT 'student.updated', gen_random_uuid(), '{}'::jsonb, now() FROM generate_series(1, $1::int)"
    async with database.raw(Wall.app(school.id)) as connection:
        await append_events_from(connection, many, count)


def answer(finished: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout))


async def test_the_life_of_an_endpoint(skooly: Skooly, fresh_database: Database, school: School) -> None:
    assert "./skooly webhooks create" in skooly("endpoints").stderr
    made = answer(skooly("create", URL, "--partner", "Moodle", "--topics", "wallet.low,student.created", "--json"))
    assert len(read_secret(made["secret"])) == 32
    assert made["topics"] == ["student.created", "wallet.low"]
    endpoint = made["id"]
    assert [each["id"] for each in answer(skooly("endpoints", "--json"))["endpoints"]] == [endpoint]
    rotated = answer(skooly("rotate", endpoint, "--overlap", "0", "--json"))
    assert rotated["secret"] != made["secret"]
    assert answer(skooly("pause", endpoint, "--json"))["status"] == "paused"
    assert skooly("resume", endpoint).stdout == f"{endpoint} active\n"
    assert skooly("delete", endpoint).stdout == f"{endpoint} deleted\n"
    refused = skooly("pause", endpoint)
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert f"LYCEE has no endpoint “{endpoint}”" in refused.stderr


async def test_what_did_not_arrive_is_sent_again(skooly: Skooly, fresh_database: Database, school: School) -> None:
    await happen(fresh_database, school, count=3)
    endpoint = answer(skooly("create", URL, "--partner", "Moodle", "--full", "--json"))["id"]
    answer(skooly("test", endpoint, "--json"))
    since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert answer(skooly("recover", endpoint, "--since", since, "--json")) == {"queued": 3}
    assert answer(skooly("recover", endpoint, "--since", since, "--json")) == {"queued": 0}
    await expand(fresh_database)
    listed = answer(skooly("deliveries", "--endpoint", endpoint, "--json"))["deliveries"]
    assert {each["topic"] for each in listed} == {"wallet.low", "endpoint.tested"}
    assert len(listed) == 4
    assert answer(skooly("replay", "--endpoint", endpoint, "--json")) == {"queued": 0}
    under_way = skooly("replay", listed[0]["id"])
    assert under_way.returncode == 1
    assert "under way" in under_way.stderr


async def test_a_recovery_passes_over_more_than_one_call_looks_at(
    skooly: Skooly, fresh_database: Database, school: School
) -> None:
    await append(fresh_database, school, LOOKED_AT + 1)
    await happen(fresh_database, school)
    endpoint = answer(skooly("create", URL, "--partner", "Moodle", "--topics", "wallet.low", "--json"))["id"]
    since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert answer(skooly("recover", endpoint, "--since", since, "--json")) == {"queued": 1}


async def test_a_replay_goes_on_until_all_is_queued(skooly: Skooly, fresh_database: Database, school: School) -> None:
    endpoint = answer(skooly("create", URL, "--partner", "Moodle", "--topics", "student.updated", "--json"))["id"]
    await append(fresh_database, school, AT_ONCE + 1)
    while (await expand(fresh_database)).more:
        pass
    async with fresh_database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE delivery SET state = 'succeeded'")
    replay = "replay", "--endpoint", endpoint, "--state", "succeeded", "--json"
    assert answer(skooly(*replay, "--until", "2001-01-01")) == {"queued": 0}
    assert answer(skooly(*replay)) == {"queued": AT_ONCE + 1}
    assert answer(skooly(*replay)) == {"queued": 0}


async def test_an_endpoint_is_told_no_more_than_the_keys_of_its_integration(
    skooly: Skooly, fresh_database: Database, school: School, clock: FixedClock
) -> None:
    key = await make_key(fresh_database, school, "bibliotheque", partner="Koha")
    made = answer(skooly("create", URL, "--partner", "Koha", "--json"))
    assert made["topics"] == ["student.created", "student.graduated", "student.updated"]
    refused = skooly("create", URL, "--partner", "Koha", "--topics", "invoice.paid")
    assert (refused.returncode, "issue one" in refused.stderr) == (1, True)
    async with fresh_database.transaction(Wall.app(school.id)) as session:
        await revoke_key(session, key.row.key_id, clock)
    await disable_failing(fresh_database)
    [listed] = answer(skooly("endpoints", "--json"))["endpoints"]
    assert (listed["partner"], listed["status"], listed["disabled_reason"]) == ("Koha", "disabled", "access_ended")
    table = skooly("endpoints").stdout
    assert "Koha" in table
    assert "access_ended" in table
    refused = skooly("resume", made["id"])
    assert (refused.returncode, "issue one" in refused.stderr) == (1, True)


async def test_secrets_are_sealed_anew(skooly: Skooly, fresh_database: Database, school: School) -> None:
    answer(skooly("create", URL, "--partner", "Moodle", "--json"))
    other = json.dumps({"1": KEY, "2": b64encode(b"another key for tests, 32 bytes.").decode()})
    told = {"key_version": 2, "secrets": 1, "headers": 0, "unreadable": 0}
    assert answer(skooly("reseal", "--json", SKOOLY_SECRET_KEYS=other)) == told
    assert answer(skooly("reseal", "--json", SKOOLY_SECRET_KEYS=other)) == {**told, "secrets": 0}
    lost = skooly("reseal")
    assert (lost.returncode, "put the key" in lost.stderr) == (1, True)


async def test_a_filter_is_shown_as_the_api_shows_it(skooly: Skooly, fresh_database: Database, school: School) -> None:
    await make_endpoint(fresh_database, school, URL, partner="Moodle", filter={"zone": "RESTAURANT"})
    [listed] = answer(skooly("endpoints", "--json"))["endpoints"]
    assert listed["filter"] == [{"fact": "zone", "equals": "RESTAURANT"}]


@pytest.fixture
async def failed(fresh_database: Database, school: School) -> str:
    """The webhook-id of a delivery that failed once, with an answer that would colour a terminal red."""
    engine = Engine(fresh_database)
    endpoint = await make_endpoint(fresh_database, school, URL, partner="Moodle")
    await happen(fresh_database, school)
    [claimed] = await engine.claim()
    refusal = Outcome(Kind.HTTP_STATUS, 84, status=500, error="BROKEN", response=b"\x1b[31mOut\nof order " + b"x" * 100)
    await engine.settle([claimed], refusal)
    async with fresh_database.raw(Wall.worker()) as connection:
        event = await connection.fetchval("SELECT event_id FROM delivery")
    return webhook_id(event, endpoint)


async def test_deliveries_say_what_their_last_attempt_came_to_and_when_the_next_one_is(
    skooly: Skooly, failed: str
) -> None:
    shown = skooly("deliveries")
    [listed] = answer(skooly("deliveries", "--json"))["deliveries"]
    assert "http_status 500" in shown.stdout
    assert listed["next_attempt_at"] in shown.stdout
    assert "./skooly webhooks delivery ID" in shown.stderr
    last = listed["last_attempt"]
    assert (listed["state"], listed["attempts"]) == ("retry_wait", 1)
    assert (last["outcome"], last["status"], last["error"]) == ("http_status", 500, "BROKEN")
    assert listed["next_attempt_at"] > last["ended_at"] >= listed["occurred_at"]


async def test_what_has_not_been_tried_has_no_last_attempt(
    skooly: Skooly, fresh_database: Database, school: School
) -> None:
    await make_endpoint(fresh_database, school, URL, partner="Moodle")
    await happen(fresh_database, school)
    await expand(fresh_database)
    [listed] = answer(skooly("deliveries", "--json"))["deliveries"]
    assert (listed["state"], listed["last_attempt"]) == ("pending", None)
    assert "No attempt" in skooly("delivery", listed["id"]).stderr


async def test_a_delivery_is_shown_with_its_attempts(skooly: Skooly, failed: str) -> None:
    shown = answer(skooly("delivery", failed, "--json"))
    assert shown["delivery"]["id"] == f"{failed}_0"
    [attempt] = shown["attempts"]
    assert attempt.pop("ended_at") == shown["delivery"]["last_attempt"]["ended_at"]
    assert attempt.pop("response").startswith("\x1b[31mOut\nof order xxx")
    told = {"number": 1, "outcome": "http_status", "status": 500, "error": "BROKEN", "milliseconds": 84}
    assert attempt == told
    words = skooly("delivery", f"{failed}_0")
    assert "[31mOut of order xxx" in words.stdout
    assert "\x1b" not in words.stdout
    assert "did not answer 2xx" in words.stderr


@pytest.mark.parametrize("named", ["evt_nothing", f"evt_{'0' * 32}_{'1' * 32}"])
async def test_a_delivery_that_nobody_knows_is_refused_by_name(skooly: Skooly, named: str) -> None:
    refused = skooly("delivery", named, "--json")
    error = json.loads(refused.stderr)["error"]
    assert (refused.returncode, error["code"]) == (1, "DeliveryNotFound")
    assert f"LYCEE has no delivery “{named}”" in error["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["create", "https://127.0.0.1/", "--partner", "X"], "not public"),
        (["create", URL, "--partner", "Moodle", "--topics", "student.expelled"], "student.expelled"),
        (["create", URL, "--partner", "Moodle", "--topics", "foo"], "There are: "),
        (["create", URL, "--partner", "X"], "X"),
        (["replay"], "either"),
        (["deliveries", "--state", "lost"], "no state"),
        (["deliveries", "--topic", "nope"], "no topic"),
        (["replay", "--endpoint", "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e", "--topic", "nope"], "no topic"),
        (["recover", "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e", "--since", "2001-01-01"], "90 days"),
    ],
)
async def test_a_refusal_says_what_to_do(skooly: Skooly, arguments: list[str], words: str) -> None:
    refused = skooly(*arguments)
    assert refused.returncode in (1, 2)
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr
