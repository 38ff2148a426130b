"""The API's socket belongs to the supervisor: it stays open while a crashed API comes back."""

import errno
import socket

from app.cli.failure import CommandFailed, PortInUse

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one. Raises PortInUse, CommandFailed."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except socket.gaierror:
        raise CommandFailed(f"{host} is not an address of this machine. Choose another one with --host.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"Port {port} of {host} is in use by another program. Stop it, or choose another with --port."
            ) from None
        raise CommandFailed(f"Cannot listen on {host}, port {port}: {error.strerror}.") from None


def url_of(listener: socket.socket) -> str:
    """How a browser on this machine reaches it."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - only shown
    return f"http://{shown}:{port}"
