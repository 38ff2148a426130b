"""`skooly serve`: the API in this process."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn
from starlette.types import ASGIApp

from app.cli.failure import CommandFailed
from app.cli.listening import listen
from app.core.descriptors import raise_descriptor_limit
from app.settings import Settings, load_settings

FRAME_BYTES = 65_536
PING_SECONDS = 20.0
"""Between two pings of a socket, and what a client has to answer one."""
GRACE_SECONDS = 5
GC_THRESHOLDS = (2_000, 10, 30)
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """uvicorn raises the signal again once it has stopped, which would skip what the process cleans up after
    it.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._leave, number, None)
        yield
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever stays is told first, in its own words: uvicorn would only hang up."""
        for server in self.servers:
            server.close()
        leave = self.lifespan.state.get("leave")
        if leave is not None:
            await leave()
        await super().shutdown(sockets)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        self.handle_exit(number, frame)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 8000,
    descriptor: Annotated[int | None, typer.Option("--fd", hidden=True)] = None,
) -> None:
    """Serve the API. Needs SKOOLY_DATABASE_URL, SKOOLY_REDIS_URL and the secrets."""
    settings = load_settings()
    from app.cli.preflight import preflight  # heavy, as are the application and what speaks HTTP to it

    preflight(settings.database_url)
    raise_descriptor_limit()
    application = _create_app(settings)
    tune_collector()
    listener = listen(host, port) if descriptor is None else socket.socket(fileno=descriptor)
    Server(configured(application)).run(sockets=[listener])


def tune_collector() -> None:
    """For a process in which much stays: what is there already is not scanned again, which halves the cost of a small
    request, and what comes to stay, thousands of sockets, a third as often: a scan of them all takes 0.3 s.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def configured(application: ASGIApp, **changes: Any) -> uvicorn.Config:
    """How the API is served; `changes` are for tests that cannot wait as long."""
    from app.web.connection import Connection  # heavy
    from app.web.newcomers import Newcomers
    from app.web.sockets.transport import SocketTransport

    options: dict[str, Any] = {
        "loop": "uvloop",
        "http": partial(Connection, newcomers=Newcomers()),
        "ws": SocketTransport,
        "ws_max_size": FRAME_BYTES,
        "ws_per_message_deflate": False,
        "ws_ping_interval": PING_SECONDS,
        "ws_ping_timeout": PING_SECONDS,
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,  # the application knows which proxies to believe
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }
    return uvicorn.Config(application, **{**options, **changes})


def _create_app(settings: Settings) -> ASGIApp:
    """The imports are heavy: other commands, and a refusal of the settings, come without them."""
    from app.api.catalogue import SchemaRefused
    from app.main import create_app
    from compat_rest.mistakes import BrokenDocuments

    try:
        return create_app(settings)
    except (SchemaRefused, BrokenDocuments) as mistakes:
        raise CommandFailed(str(mistakes)) from None
