"""Durable servers, schools with endpoints that all lead to one sink, and events to send them."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

import orjson

from app.core.database import Database, Wall
from app.core.migrate import upgrade
from app.core.outbound import Client, Policy, verifying_context
from app.core.outbound.resolver import Found
from app.core.roles import bootstrap_roles
from app.delivery.sender import HttpSender
from app.domains.events.service import append_events_from
from app.domains.events.topics import Topic
from app.domains.partners.service import create_school
from app.domains.partners.tables import School
from app.embedded import Embedded
from bench.stage import cpus, tell
from tests.support.factories.webhooks import make_endpoint

DATABASE = "bench"
POLICY = Policy.development()
HOST = "sink.example.org"
LOCAL = "127.0.0.1"
"""Where the worker of its own process finds it without a name server."""
FACTS = orjson.dumps({"matricule": "2025/BEN/000001", "label": "x" * 200}).decode()
"""With the envelope, a body of about 450 bytes."""

MANY = """
SELECT $1::text, gen_random_uuid(), $2::jsonb, NULL::timestamptz FROM generate_series(1, $3::int)
"""
ONE = "SELECT 'wallet.low', $1::uuid, $2::jsonb, NULL::timestamptz"


class OneName:
    """Answers at once: looking names up is not what is compared, vetting them is."""

    async def find(self, host: str) -> Found:
        return Found((ip_address("127.0.0.1"),), 60.0)


@dataclass(frozen=True)
class Scene:
    servers: Embedded
    database: Database
    schools: Sequence[School]

    async def happen(self, school: School, count: int, topic: Topic = Topic.WALLET_LOW) -> None:
        async with self.database.raw(Wall.app(school.id)) as connection:
            await connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL transaction_timeout = 0")
            await append_events_from(connection, MANY, topic.value, FACTS, count)

    async def happen_once(self, school: School, subject: UUID) -> None:
        async with self.database.raw(Wall.app(school.id)) as connection:
            await append_events_from(connection, ONE, subject, FACTS)

    async def add_endpoints(self, port: int, each: int, host: str = "{}." + HOST) -> None:
        """`each` for every school; on a host of its own, unless one is given."""
        for school in self.schools:
            for number in range(each):
                await self.add_endpoint(school, port, host.format(f"{school.code}-{number}".lower()))

    async def add_endpoint(self, school: School, port: int, host: str, topic: Topic = Topic.WALLET_LOW) -> None:
        url = f"http://{host}:{port}/hook"
        await make_endpoint(self.database, school, url, payload="full", max_in_flight=32, topics=[topic.value])


@asynccontextmanager
async def scene(place: Path, schools: int) -> AsyncIterator[Scene]:
    """This process gets one processor for itself; the servers, and what it starts meanwhile, the other."""
    pinned = cpus()
    if pinned:
        os.sched_setaffinity(0, {pinned[1]})
    tell("starting PostgreSQL and Valkey …")
    with Embedded(place) as servers:
        await bootstrap_roles(servers.superuser_dsn(), DATABASE)
        await upgrade(servers.database_url(DATABASE))
        if pinned:
            os.sched_setaffinity(0, {pinned[0]})
        async with Database(servers.database_url(DATABASE), answer_seconds=600) as database:
            made = [
                await create_school(database, code=f"B{n}", name="Mesure", timezone="Africa/Dakar", currency="XOF")
                for n in range(schools)
            ]
            yield Scene(servers, database, made)


@asynccontextmanager
async def sending() -> AsyncIterator[HttpSender]:
    sender = HttpSender(Client(POLICY, OneName(), verifying_context()), POLICY)
    try:
        yield sender
    finally:
        sender.close()
