"""The ASGI application, put together from its parts: what is served where, and behind which guards."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import BaseRoute, Router

from app.api.budgets import Budgets
from app.api.executor import Executor
from app.api.operations import Preparer
from app.web.client_address import Networks
from app.web.exchange import App
from app.web.graphiql.page import WithPage, graphiql_assets, graphiql_page
from app.web.graphql_http import PATH as GRAPHQL
from app.web.graphql_http import GraphQLEndpoint, refuse
from app.web.guarded import Guarded
from app.web.health import Check, Ready, live
from app.web.keys import Keyring
from app.web.lane import GetOnly, Lane, nothing_here
from app.web.metrics import MetricsEndpoint, RequestMetrics, make_registry
from app.web.observed import Observed

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """`mounted` maps prefixes ("/v1/") to applications that see the whole path; `routes` are Starlette's."""

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


def build_app(parts: Parts) -> App:
    metrics = RequestMetrics()
    graphql = GraphQLEndpoint(parts.preparer, parts.executor, parts.keyring)
    fixed: dict[str, App] = {
        GRAPHQL: Guarded(WithPage(graphql, graphiql_page()), answer=refuse),
        **{path: Guarded(asset) for path, asset in graphiql_assets().items()},
        "/health/live": Guarded(GetOnly(live)),
        "/health/ready": Guarded(GetOnly(Ready(parts.checks))),
        "/metrics": Guarded(GetOnly(MetricsEndpoint(make_registry(metrics)))),
    }
    mounted = {prefix: Guarded(app) for prefix, app in parts.mounted.items()}
    rest = Router(
        parts.routes,
        redirect_slashes=False,
        default=nothing_here,
        lifespan=parts.lifespan,
    )
    return Observed(
        Lane(fixed, mounted, Guarded(rest)),
        metrics,
        parts.access_log,
        trusted=parts.trusted_proxies,
        secure=parts.secure,
        budgets=parts.budgets,
    )
