"""Documents written into a folder, and a client of the facade that serves them."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import uvicorn

from compat_rest.facade import Facade
from tests.compat_rest.librarian import READER, Librarian


def write(folder: Path, documents: Mapping[str, str]) -> Path:
    """`documents` are texts by their path from `operations/`, without the suffix: "books/Book", "../fragments/X"."""
    for name, text in documents.items():
        path = (folder / "operations" / f"{name}.graphql").resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).strip("\n"), "utf-8")
    for part in ("operations", "fragments"):
        (folder / part).mkdir(exist_ok=True)
    return folder


def facade_of(folder: Path, documents: Mapping[str, str], gateway: Librarian | None = None, **options: Any) -> Facade:
    write(folder, documents)
    return Facade(gateway or Librarian(), folder / "operations", folder / "fragments", **options)


def client_of(facade: Facade, key: str | None = READER) -> httpx.AsyncClient:
    headers = {"X-API-KEY": key} if key else {}
    transport = httpx.ASGITransport(facade)
    return httpx.AsyncClient(transport=transport, base_url="http://library.test", headers=headers)


@asynccontextmanager
async def served(facade: Facade, key: str = READER) -> AsyncIterator[httpx.AsyncClient]:
    """The facade behind a real server on the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(facade, http="httptools", lifespan="off", log_level="error")
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=url, headers={"X-API-KEY": key}) as client:
                yield client
        finally:
            await server.shutdown(sockets=[listening])
