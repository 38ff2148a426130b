"""A command that adds to a school's log rings for it: webhooks and live events need not wait for the next look."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from app.cli.data_directory import CHECKOUT
from app.core.database import Database
from app.core.doorbell import CHANNEL, Hint
from tests.support.factories.partners import make_school

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
STUDENTS = "matricule;nom;prenom\nA/1;Koné;Awa\nA/2;Ba;Issa\n"


@pytest.fixture
def students(tmp_path: Path) -> str:
    file = tmp_path / "eleves.csv"
    file.write_text(STUDENTS)
    return str(file)


def run(database: Database, redis_url: str, *arguments: str) -> None:
    environment = {
        **os.environ,
        "SKOOLY_DATABASE_URL": database.url,
        "SKOOLY_REDIS_URL": redis_url,
        "SKOOLY_KEY_PEPPERS": json.dumps({"1": KEY}),
        "SKOOLY_SECRET_KEYS": json.dumps({"1": KEY}),
        "SKOOLY_CURSOR_SECRET": "c" * 32,
    }
    command = [sys.executable, "-m", "app.cli", *arguments]
    finished = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


async def test_imports_and_commands_ring_once_they_have_committed(
    fresh_database: Database, redis_url: str, students: str
) -> None:
    school = await make_school(fresh_database)
    async with Redis.from_url(redis_url) as redis, redis.pubsub() as channel:
        await channel.subscribe(CHANNEL)
        run(fresh_database, redis_url, "import", "students", students)
        assert await heard(channel, school.id) == Hint(school.id, 2)
        run(fresh_database, redis_url, "import", "students", students)
        run(fresh_database, redis_url, "zones", "create", "PORTAIL", "--label", "Portail")
        assert await heard(channel, school.id) == Hint(school.id, 3)


async def heard(channel: PubSub, school: UUID) -> Hint:
    """The next ring for this school; other tests ring too."""
    async with asyncio.timeout(20):
        while True:
            message = await channel.get_message(ignore_subscribe_messages=True, timeout=1)
            hint = Hint.decode(message["data"]) if message else None
            if hint is not None and hint.school_id == school:
                return hint


async def test_without_valkey_it_is_done_all_the_same(fresh_database: Database, students: str) -> None:
    await make_school(fresh_database)
    run(fresh_database, "redis://127.0.0.1:1/0", "import", "students", students)
