"""`skooly serve`: the API in this process."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Iterator
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from starlette.types import ASGIApp

from app.cli.failure import CommandFailed
from app.cli.listening import listen
from app.settings import Settings, load_settings

FRAME_BYTES = 65_536
GRACE_SECONDS = 5
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
    from app.web.connection import Connection

    preflight(settings.database_url)
    application = _create_app(settings)
    gc.collect()
    gc.freeze()  # what lives as long as the process is not scanned again: half the cost of a small request
    listener = listen(host, port) if descriptor is None else socket.socket(fileno=descriptor)
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http=Connection,
        ws="websockets-sansio",
        ws_max_size=FRAME_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the application knows which proxies to believe
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(config).run(sockets=[listener])


def _create_app(settings: Settings) -> ASGIApp:
    """The imports are heavy: other commands, and a refusal of the settings, come without them."""
    from app.api.catalogue import SchemaRefused
    from app.main import create_app
    from compat_rest.mistakes import BrokenDocuments

    try:
        return create_app(settings)
    except (SchemaRefused, BrokenDocuments) as mistakes:
        raise CommandFailed(str(mistakes)) from None
