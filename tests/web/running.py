"""The real application over real servers, started and stopped through its lifespan."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.core.clock import Clock
from app.main import create_app
from app.settings import Settings
from app.web.exchange import App
from app.web.guarded import BODY_SECONDS
from tests.support.factories.partners import PEPPERS, SECRET_KEYS

DOCUMENT = """
# A student by matricule.
query GetStudent($matricule: String!)
@rest(method: GET, path: "/students/{matricule}") {
  student(matricule: $matricule) { matricule lastName }
}
"""


def make_settings(database_url: str, redis_url: str, **more: Any) -> Settings:
    peppers = {version: base64.b64encode(pepper).decode() for version, pepper in PEPPERS.items()}
    given = {
        "key_peppers": peppers,
        "secret_keys": {version: base64.b64encode(key).decode() for version, key in SECRET_KEYS.items()},
        "cursor_secret": "a secret for tests: 32 characters",
    }
    return Settings(database_url=database_url, redis_url=redis_url, **given, **more)


def write_documents(folder: Path) -> Path:
    """A folder of documents with one endpoint."""
    (folder / "operations").mkdir()
    (folder / "fragments").mkdir()
    (folder / "operations" / "GetStudent.graphql").write_text(DOCUMENT)
    return folder


@asynccontextmanager
async def started(
    settings: Settings, documents: Path, clock: Clock | None = None, *, body_seconds: float = BODY_SECONDS
) -> AsyncIterator[App]:
    app = create_app(settings, documents=documents, clock=clock, body_seconds=body_seconds)
    async with alive(app):
        yield app


@asynccontextmanager
async def alive(app: App) -> AsyncIterator[None]:
    """What a server does around the life of an application."""
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(
        app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, to_app.get, from_app.put)
    )  # type: ignore[arg-type]
    await to_app.put({"type": "lifespan.startup"})
    answer = await from_app.get()
    assert answer["type"] == "lifespan.startup.complete", answer
    try:
        yield
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        await task
