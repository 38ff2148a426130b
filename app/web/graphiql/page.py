"""The page itself and what it loads."""

from collections.abc import Mapping
from pathlib import Path

import orjson

from app.web.exchange import App
from app.web.graphiql.guide import GUIDE, examples, shown
from app.web.lane import GetOnly
from app.web.pages import Asset, asset, page

ASSETS = Path(__file__).parent / "assets"


def graphiql_page() -> App:
    return page("/graphql", ASSETS / "index.html")


def graphiql_assets(guide: Path = GUIDE) -> Mapping[str, App]:
    """By whole path. Without the guide there are no examples."""
    routes = {f"/graphql/{path.name}": path for path in sorted(ASSETS.iterdir()) if path.name != "index.html"}
    text = guide.read_text(encoding="utf-8") if guide.exists() else ""
    listed = orjson.dumps(list(shown(examples(text))))
    return {
        **{route: asset(route, path) for route, path in routes.items()},
        "/graphql/examples.json": GetOnly(Asset("/graphql/examples.json", listed, "application/json")),
    }
