"""Where a benchmark plays: real PostgreSQL and Valkey, a school with many students, and a key for each preset."""

import base64
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from app.core.database import Database, Wall
from app.core.migrate import head, upgrade
from app.core.roles import bootstrap_roles
from app.domains.partners.service import ensure_partner, find_school, issue_key
from app.embedded import Embedded
from bench.dataset import Dataset, make_dataset

DATABASE = "bench"
SCHOOL = "BENCH"
PEPPERS = {1: b"a pepper for benchmarks: 32 bytes"}
SECRET_KEY = b"a key for benchmarks of 32 bytes"
PRESETS = ("tourniquet", "bibliotheque", "core")


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Stage:
    """`keys` are by preset; `environment` is what the product's process is given."""

    servers: Embedded
    dataset: Dataset
    keys: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        peppers = {str(version): base64.b64encode(pepper).decode() for version, pepper in PEPPERS.items()}
        return {
            "SKOOLY_DATABASE_URL": self.servers.database_url(DATABASE),
            "SKOOLY_REDIS_URL": self.servers.redis_url(),
            "SKOOLY_KEY_PEPPERS": json.dumps(peppers),
            "SKOOLY_SECRET_KEYS": json.dumps({"1": base64.b64encode(SECRET_KEY).decode()}),
            "SKOOLY_BUDGET_POINTS": "1000000000",
            "SKOOLY_CURSOR_SECRET": "a secret for benchmarks: 32 characters",
            "BENCH_DSN": self.servers.superuser_dsn(DATABASE),
            "BENCH_KEYS": ",".join(self.keys.values()),
            "BENCH_SCHOOL": str(self.dataset.school.id),
        }


def cpus() -> tuple[int, int] | None:
    """One processor for the server and one for everything else; None where there is only one."""
    available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (available[0], available[1]) if len(available) > 1 else None


@contextmanager
def _place(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    place = Path(tempfile.mkdtemp(prefix="skooly-bench-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def stage(students: int, kept: Path | None) -> AsyncIterator[Stage]:
    """Durable servers with the dataset, in `kept` if given: there it is found again by the next run."""
    pinned = cpus()
    if pinned is not None:
        os.sched_setaffinity(0, {pinned[1]})  # the servers of PostgreSQL and Valkey inherit it
    with _place(kept) as place:
        tell("starting PostgreSQL and Valkey …")
        with Embedded(place / f"{students}-{head()}") as servers:
            await bootstrap_roles(servers.superuser_dsn(), DATABASE)
            await upgrade(servers.database_url(DATABASE))
            async with Database(servers.database_url(DATABASE)) as database:
                dataset = await _dataset(database, servers, students)
                keys = await _keys(database, dataset)
            yield Stage(servers, dataset, keys)


async def _dataset(database: Database, servers: Embedded, students: int) -> Dataset:
    connection = await asyncpg.connect(servers.superuser_dsn(DATABASE))
    try:
        if await connection.fetchval("SELECT count(*) FROM student") == students:
            return Dataset(await find_school(database, SCHOOL), students)
        today = datetime.now(UTC).date()
        made = await make_dataset(
            database, students=students, today=today, code=SCHOOL, tell=lambda n: tell(f"  {n} of {students} students")
        )
        tell("counting rows …")
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
        return made
    finally:
        await connection.close()


async def _keys(database: Database, dataset: Dataset) -> dict[str, str]:
    keys = {}
    async with database.transaction(Wall.app(dataset.school.id)) as session:
        for preset in PRESETS:
            partner = await ensure_partner(session, preset)
            keys[preset] = (await issue_key(session, dataset.school, partner, preset, PEPPERS)).key
    return keys
