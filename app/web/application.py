"""The ASGI application, put together from its parts: what is served where, and behind which guards."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.routing import BaseRoute, Router

from app.api.budgets import Budgets
from app.api.executor import Executor
from app.api.operations import Preparer
from app.api.streams import LiveEngine
from app.web.client_address import Networks
from app.web.exchange import App
from app.web.graphiql.page import graphiql_assets, graphiql_page
from app.web.graphql_http import PATH as GRAPHQL
from app.web.graphql_http import GraphQLEndpoint, refuse
from app.web.guarded import BODY_SECONDS, Guarded
from app.web.health import Check, Ready, live
from app.web.keys import Keyring
from app.web.lane import GetOnly, Lane, nothing_here
from app.web.metrics import MetricsEndpoint, RequestMetrics, make_registry
from app.web.observed import Observed
from app.web.origins import Origins
from app.web.pages import WithPage
from app.web.sockets.endpoint import SocketEndpoint
from app.web.sockets.socket import House
from app.web.sse.answer import Follower
from app.web.sse.graphql import GraphQLStreams, WithStreams
from app.web.sse.log import DOCUMENT, STREAM, TICKETS, LogStreamEndpoint, TicketEndpoint
from app.web.sse.tickets import Tickets
from app.web.staying import Stayers
from app.web.welcome import welcome

SPARE_SECONDS = 5.0
"""Above what a body and an operation may take: whoever operates is the one who says that it took too long."""

Lifespan = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Parts:
    """`mounted` maps prefixes ("/v1/") to applications that see the whole path; `routes` are Starlette's; `origins` are
    those whose pages may open sockets and event streams. Without `live` and `tickets` there are none of these.
    `body_seconds` is what the bodies of operations are given.
    """

    preparer: Preparer
    executor: Executor
    keyring: Keyring
    checks: Sequence[Check]
    lifespan: Lifespan
    access_log: Any
    mounted: Mapping[str, App] = field(default_factory=dict)
    routes: Sequence[BaseRoute] = ()
    trusted_proxies: Networks = ()
    secure: bool = False
    budgets: Budgets | None = None
    live: LiveEngine | None = None
    tickets: Tickets | None = None
    stayers: Stayers = field(default_factory=Stayers)
    origins: Sequence[str] = ()
    body_seconds: float = BODY_SECONDS


def build_app(parts: Parts) -> App:
    metrics = RequestMetrics()
    seconds = parts.body_seconds + parts.executor.longest_seconds + SPARE_SECONDS
    operating = partial(Guarded, body_seconds=parts.body_seconds, seconds=seconds)
    graphql = GraphQLEndpoint(parts.preparer, parts.executor, parts.keyring)
    fixed: dict[str, App] = {
        GRAPHQL: operating(WithPage(graphql, graphiql_page()), answer=refuse),
        **{path: Guarded(asset) for path, asset in {**graphiql_assets(), **welcome()}.items()},
        "/health/live": Guarded(GetOnly(live)),
        "/health/ready": Guarded(GetOnly(Ready(parts.checks))),
        "/metrics": Guarded(GetOnly(MetricsEndpoint(make_registry(metrics)))),
    }
    mounted = {prefix: operating(app) for prefix, app in parts.mounted.items()}
    rest = Router(
        parts.routes,
        redirect_slashes=False,
        default=nothing_here,
        lifespan=parts.lifespan,
    )
    sockets = add_live(parts, fixed) if parts.live is not None else {}
    return Observed(
        Lane(fixed, mounted, Guarded(rest), sockets),
        metrics,
        parts.access_log,
        trusted=parts.trusted_proxies,
        secure=parts.secure,
        budgets=parts.budgets,
    )


def add_live(parts: Parts, fixed: dict[str, App]) -> dict[str, App]:
    """Puts event streams in front of what is `fixed`, and returns the sockets."""
    assert parts.live is not None
    assert parts.tickets is not None
    preparer, keyring, tickets = parts.preparer, parts.keyring, parts.tickets
    origins, follower = Origins(parts.origins), Follower(parts.live, parts.stayers)
    fixed[GRAPHQL] = WithStreams(fixed[GRAPHQL], GraphQLStreams(preparer, parts.executor, keyring, follower))
    fixed[STREAM] = LogStreamEndpoint(preparer, keyring, tickets, origins, follower)
    fixed[TICKETS] = Guarded(TicketEndpoint(preparer.prepare(DOCUMENT), keyring, tickets))
    house = House(preparer, parts.executor, keyring, parts.live, parts.stayers)
    return {GRAPHQL: SocketEndpoint(house, origins)}
