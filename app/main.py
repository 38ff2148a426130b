"""The web application of one process, from its settings: the only place where everything meets."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from app.api.authoriser import Needs
from app.api.budgets import Budgets, ValkeyLeases
from app.api.executor import Executor
from app.api.openings import opens, root_fields
from app.api.operations import Preparer
from app.api.schema import ApiSchema
from app.api.slices import skooly_schema
from app.api.streams import LiveEngine
from app.core.clock import Clock, SystemClock
from app.core.crypto import Vault
from app.core.database import Database
from app.core.doorbell import Doorbell
from app.core.log import access_logger, configure_logging
from app.core.migrate import head
from app.core.outbound.destinations import Destinations
from app.core.pagination import Cursors
from app.delivery.dialling import make_destinations
from app.domains.access.loaders import AccessChecks
from app.domains.events.cursors import LogCursors
from app.domains.events.watching import KeyLook, LogWatch, PeopleNamed
from app.domains.partners.audit import record_audit
from app.domains.partners.keyring import Keyring
from app.domains.partners.openings import Openings
from app.domains.partners.service import Peppers
from app.domains.students.named import students_named
from app.live.keys import KeyGuard
from app.live.tail import Tailer
from app.live.trail import Trail
from app.live.watch import Watch
from app.settings import Settings
from app.web.application import Lifespan, Parts, build_app
from app.web.asyncapi import document as asyncapi_document
from app.web.body import MAX_BODY
from app.web.exchange import App, Scope, exchange_of
from app.web.generated import DOCUMENTS
from app.web.guarded import BODY_SECONDS
from app.web.keys import MeteredKeyring
from app.web.readiness import VALKEY_SECONDS, checks
from app.web.rest import RestGateway
from app.web.sse import described
from app.web.sse.log import DOCUMENT
from app.web.sse.tickets import Tickets
from app.web.staying import Stayers
from compat_rest.facade import Facade

REST = "/v1"
BESIDE = described.paths()
"""What of it no operation document can be."""


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    documents: Path = DOCUMENTS,
    body_seconds: float = BODY_SECONDS,
) -> App:
    """`documents` holds the folders `operations` and `fragments` of the REST facade; `body_seconds` as `Parts` has it.

    Raises SchemaRefused or BrokenDocuments; the servers are reached when the application starts.
    """
    configure_logging(level=settings.log_level, style=settings.log_format)
    clock = clock or SystemClock()
    doorbell = Doorbell(settings.redis_url)
    database = Database(settings.database_url, pool_size=settings.pool_size, announce=doorbell.ring)
    redis = Redis.from_url(settings.redis_url, socket_timeout=VALKEY_SECONDS, socket_connect_timeout=VALKEY_SECONDS)
    schema = skooly_schema()
    preparer = Preparer(schema)
    watch = Watch(database, doorbell)
    keyring = Keyring(database, settings.peppers, clock)
    guard = KeyGuard(keyring, clock)
    following = preparer.prepare(DOCUMENT).needs
    openings = Openings(partial(root_fields, schema), lambda scopes: opened_endpoints(facade, following, scopes))
    budgets = Budgets(ValkeyLeases(redis), clock, limit=settings.budget_points)
    services = {
        **make_services(settings, database, clock, openings),
        LogWatch: LogWatch(watch.wait_past),
        KeyLook: KeyLook(guard.still_good),
        Budgets: budgets,
    }
    executor = Executor(
        schema,
        database,
        clock,
        record_audit,
        services=services,
        note_use=keyring.uses.note_scopes,
    )
    live = make_live(schema, executor, database, watch, guard, services)
    stayers = Stayers()
    door = MeteredKeyring(keyring, budgets)
    facade = make_facade(RestGateway(schema, preparer, executor, door), documents)
    return build_app(
        Parts(
            preparer=preparer,
            executor=executor,
            keyring=door,
            checks=checks(database, head(), redis, lambda: keyring.fresh),
            lifespan=make_lifespan(database, redis, keyring, doorbell, watch, live, stayers, budgets),
            access_log=access_logger(settings.log_format),
            mounted={f"{REST}/": facade},
            trusted_proxies=settings.trusted_proxies,
            secure=settings.public_url.startswith("https://"),
            budgets=budgets,
            live=live,
            tickets=Tickets(settings.cursor_secret.get_secret_value(), clock),
            stayers=stayers,
            origins=(settings.public_url, *settings.allowed_origins),
            body_seconds=body_seconds,
        )
    )


def make_services(settings: Settings, database: Database, clock: Clock, openings: Openings) -> Mapping[type, object]:
    """What resolvers find in their context by class, for the life of the process."""
    return {
        Cursors: Cursors(settings.cursor_secret.get_secret_value()),
        LogCursors: LogCursors(settings.cursor_secret.get_secret_value()),
        PeopleNamed: PeopleNamed(students_named),
        AccessChecks: AccessChecks(database, clock),
        Openings: openings,
        Peppers: Peppers(settings.peppers),
        Vault: Vault(settings.sealing_keys),
        Destinations: make_destinations(settings),
    }


def make_live(
    schema: ApiSchema,
    executor: Executor,
    database: Database,
    watch: Watch,
    guard: KeyGuard,
    services: Mapping[type, Any],
) -> LiveEngine:
    """What gives subscriptions, whatever they are brought over."""
    return LiveEngine(
        schema,
        executor,
        services[LogCursors],
        Tailer(database, watch),
        guard,
        Trail(database, services[PeopleNamed], record_audit),
    )


def opened_endpoints(facade: Facade, following: Needs, scopes: frozenset[str]) -> list[str]:
    """The operations of /v1 that a key with these scopes may use: "GET /v1/students/{matricule}", by path.

    `following` is what those beside the facade's own ask for: the event stream and its tickets.
    """
    opened = [
        (each.binding.path, each.binding.method) for each in facade.endpoints if opens(scopes, each.prepared.needs)
    ]
    if opens(scopes, following):
        opened += ((path, method.upper()) for path, methods in BESIDE.items() for method in methods)
    return [f"{method} {REST}{path}" for path, method in sorted(opened)]


def make_facade(gateway: RestGateway, documents: Path) -> Facade:
    """`/v1`. Raises BrokenDocuments."""
    return Facade(
        gateway,
        documents / "operations",
        documents / "fragments",
        prefix=REST,
        request_id=lambda scope: str(exchange_of(scope).request_id),
        matched=_note_route,
        max_body=MAX_BODY,
        published={"asyncapi.json": asyncapi_document()},
        beside=BESIDE,
    )


def _note_route(scope: Scope, template: str) -> None:
    exchange_of(scope).route = template


def make_lifespan(
    database: Database,
    redis: Redis,
    keyring: Keyring,
    doorbell: Doorbell,
    watch: Watch,
    live: LiveEngine,
    stayers: Stayers,
    budgets: Budgets,
) -> Lifespan:
    """Its state says how whoever stays or waits is told that the server stops: `leave`, before connections close."""

    async def leave() -> None:
        watch.leave()
        await stayers.leave()

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
        async with database, doorbell, watch:
            await keyring.start()
            try:
                async with live:
                    yield {"leave": leave}
            finally:
                await keyring.stop()
                await budgets.stop()
                await redis.aclose()

    return lifespan
