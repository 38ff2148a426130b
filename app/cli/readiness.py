"""Waiting until the API says that it is ready, without waiting for a child that has already ended."""

import http.client
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from app.cli.failure import ChildFailed
from app.cli.listening import url_of
from app.cli.supervisor import Child

READY_SECONDS = 60.0


def await_ready(listener: socket.socket, children: Sequence[Child]) -> None:
    """Raises ChildFailed with the last lines of the child's log."""
    give_up = time.monotonic() + READY_SECONDS
    while not _is_ready(url_of(listener)):
        for child in children:
            if not child.alive:
                raise ChildFailed(f"The {child.name} ended while starting. Its log is {child.log}:\n{child.tail()}")
        if time.monotonic() > give_up:
            api = children[0]
            raise ChildFailed(
                f"The API was not ready within {READY_SECONDS:.0f} s. Its log is {api.log}:\n{api.tail()}"
            )
        time.sleep(0.02)


def _is_ready(url: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
