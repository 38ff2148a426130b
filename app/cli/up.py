"""`skooly up`: the whole platform as one tree of processes on this machine."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, NoReturn

import typer

from app.cli.announcement import Announcement
from app.cli.data_directory import DATABASE, DataDirectory, Runtime
from app.cli.demo_keys import kept_demo_keys
from app.cli.instance import DataOption, JsonOption, prepare
from app.cli.listening import listen, url_of
from app.cli.readiness import await_ready
from app.cli.steps import say, step
from app.cli.supervisor import Child, Supervisor
from app.core.migrate import upgrade
from app.embedded import Embedded
from app.settings import Settings, load_settings

TICK_SECONDS = 0.2
DRAIN_SECONDS = "3"
"""Ctrl-C waits no longer for receivers; what is cut off goes out again at the next start."""
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COMMAND = (sys.executable, "-m", "app.cli")
SERVER_VARIABLES = ("SKOOLY_DATABASE_URL", "SKOOLY_REDIS_URL")


def up(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65535)] = 8000,
    data: DataOption = None,
    empty: Annotated[bool, typer.Option("--empty", help="Make no demo school at the first start.")] = False,
    json: JsonOption = False,
) -> None:
    """Start everything: PostgreSQL and Valkey (or those of the two URLs), API and worker. Ctrl-C stops it."""
    _turn_signals_into_interrupts()
    directory = DataDirectory(data)
    production = data is None and any(name in os.environ for name in SERVER_VARIABLES)
    with ExitStack() as stack:
        start = _start_on_given_servers if production else _start_on_embedded_servers
        platform = start(stack, directory, host, port)
        if platform.settings.outbound_development:
            say("WARNING: SKOOLY_OUTBOUND_DEVELOPMENT lets webhooks into this machine and its networks.")
        keys = kept_demo_keys(directory) if empty else _open_demo_school(platform)
        supervisor = _start_children(stack, platform)
        announcement = Announcement(platform.url, directory.root, os.getpid(), keys)
        announcement.print_json() if json else announcement.print_text()
        _tend(supervisor, stack)


@dataclass(frozen=True)
class Platform:
    """What the children need: servers that answer, a migrated database and an open socket."""

    directory: DataDirectory
    settings: Settings
    listener: socket.socket
    revive: Callable[[], list[str]]

    @property
    def url(self) -> str:
        return url_of(self.listener)


def _start_on_embedded_servers(stack: ExitStack, directory: DataDirectory, host: str, port: int) -> Platform:
    with step("PostgreSQL and Valkey"):
        embedded = stack.enter_context(Embedded(directory.root))
    listener = stack.enter_context(listen(host, port))
    prepare(embedded)
    database_url, redis_url = embedded.database_url(DATABASE), embedded.redis_url()
    settings = directory.settings(database_url, redis_url, **_public_url(listener))
    stack.callback(directory.forget_runtime)
    directory.write_runtime(Runtime(os.getpid(), database_url, redis_url, settings.public_url))
    return Platform(directory, settings, listener, embedded.revive)


def _start_on_given_servers(stack: ExitStack, directory: DataDirectory, host: str, port: int) -> Platform:
    load_settings()  # names what is missing before anything else happens
    listener = stack.enter_context(listen(host, port))
    settings = load_settings(**_public_url(listener))
    with step("Migrations"):
        asyncio.run(upgrade(settings.database_url))
    return Platform(directory, settings, listener, revive=list)


def _open_demo_school(platform: Platform) -> dict[str, str]:
    from app.cli.demo_school import open_demo_school  # heavy, and of no use to the supervisor later

    return open_demo_school(platform.settings, platform.directory)


def _public_url(listener: socket.socket) -> dict[str, str]:
    return {} if "SKOOLY_PUBLIC_URL" in os.environ else {"public_url": url_of(listener)}


def _start_children(stack: ExitStack, platform: Platform) -> Supervisor:
    environment = {**os.environ, **platform.settings.as_environment()}
    descriptor = platform.listener.fileno()
    api = Child(
        "API", [*COMMAND, "serve", "--fd", str(descriptor)], environment, platform.directory.log("api"), [descriptor]
    )
    leaving = {"SKOOLY_DRAIN_SECONDS": DRAIN_SECONDS, **environment}
    worker = Child("worker", [*COMMAND, "worker"], leaving, platform.directory.log("worker"))
    supervisor = Supervisor([api, worker], say, platform.revive)
    stack.callback(supervisor.stop)
    with step("API and worker"):
        supervisor.start()
        await_ready(platform.listener, supervisor.children)
    return supervisor


def _tend(supervisor: Supervisor, stack: ExitStack) -> None:
    try:
        while True:
            supervisor.tend()
            time.sleep(TICK_SECONDS)
    except KeyboardInterrupt:
        for number in STOPPING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        with step("Stopping"):
            stack.close()


def _turn_signals_into_interrupts() -> None:
    for number in STOPPING_SIGNALS:
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
