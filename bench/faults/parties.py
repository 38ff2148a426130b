"""The load and the receiver: processes of their own, which nobody kills, each with its ledger."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.core.crypto import Vault
from app.core.database import Database, Wall
from app.domains.partners.service import ensure_partner, issue_key
from bench.dataset import Dataset, make_dataset
from bench.faults.ledgers import count_lines
from bench.faults.platform import Platform
from tests.support.factories.webhooks import make_endpoint

STUDENTS = 100
IN_FLIGHT = 64


class PartyEnded(Exception):
    """The load or the receiver went: the run would mean nothing."""


@dataclass
class Parties:
    told: Path
    got: Path
    load: subprocess.Popen[str]
    receiver: subprocess.Popen[str]

    @property
    def acknowledged(self) -> int:
        return count_lines(self.told)

    @property
    def load_runs(self) -> bool:
        return self.load.poll() is None

    def check(self) -> None:
        """Raises PartyEnded."""
        if not self.load_runs or self.receiver.poll() is not None:
            raise PartyEnded

    def stop_load(self) -> None:
        self.load.terminate()

    def met(self) -> dict[str, int]:
        assert self.load.stdout
        return dict(json.loads(self.load.stdout.read()))


@contextmanager
def parties(root: Path, platform: Platform, timeout: int) -> Iterator[Parties]:
    """Both at work. `timeout` is the endpoint's, in seconds."""
    told, got = root / "told", root / "got"
    with _process("bench.faults.receiver", str(got)) as receiver:
        assert receiver.stdout
        port = int(receiver.stdout.readline())
        dataset, key = asyncio.run(_prepare(platform, port, timeout))
        matricules = [dataset.matricule(number) for number in range(STUDENTS)]
        with _process("bench.faults.load", f"{platform.url}/graphql", key, str(told), *matricules) as load:
            yield Parties(told, got, load, receiver)


@contextmanager
def _process(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


async def _prepare(platform: Platform, port: int, timeout: int) -> tuple[Dataset, str]:
    settings = platform.settings
    async with Database(settings.database_url, pool_size=2) as database:
        today = datetime.now(UTC).date()
        dataset = await make_dataset(database, students=STUDENTS, today=today, code="FAULTS", tell=lambda _: None)
        await make_endpoint(
            database,
            dataset.school,
            f"http://127.0.0.1:{port}/hook",
            vault=Vault(settings.sealing_keys),
            topics=["invoice.issued"],
            timeout_seconds=timeout,
            max_in_flight=IN_FLIGHT,
        )
        async with database.transaction(Wall.app(dataset.school.id)) as session:
            partner = await ensure_partner(session, "Charge")
            issued = await issue_key(session, dataset.school, partner, "core", settings.peppers)
    return dataset, issued.key
