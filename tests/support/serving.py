"""The application behind its own HTTP server, in this process, at an address of its own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from app.cli.serve import Server, configured
from app.core.clock import Clock
from app.main import create_app
from app.settings import Settings


class QuietServer(Server):
    """The tests keep their signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    def __init__(self, server: QuietServer, port: int, task: "asyncio.Task[None]") -> None:
        self._server = server
        self._task = task
        self.url = f"http://127.0.0.1:{port}"
        self.sockets = f"ws://127.0.0.1:{port}/graphql"

    @property
    def open_connections(self) -> int:
        return len(self._server.server_state.connections)

    @property
    def open_sockets(self) -> int:
        """Those whose application has not ended yet; requests count as well."""
        return len(self._server.server_state.tasks)

    async def stop(self) -> None:
        """As SIGTERM does."""
        self._server.should_exit = True
        await self._task


@asynccontextmanager
async def serving(settings: Settings, clock: Clock | None = None, **changes: Any) -> AsyncIterator[Serving]:
    """`changes` are options of uvicorn."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = QuietServer(configured(create_app(settings, clock=clock), **changes))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        assert not task.done(), task
        await asyncio.sleep(0.01)
    running = Serving(server, listener.getsockname()[1], task)
    try:
        yield running
    finally:
        if not task.done():
            await running.stop()
