"""The API's socket."""

import socket

import pytest

from app.cli.failure import CommandFailed, PortInUse
from app.cli.listening import listen, url_of


def test_a_free_port_is_found_and_shown() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_every_interface_is_shown_as_this_machine() -> None:
    with listen("0.0.0.0", 0) as listener:
        assert url_of(listener).startswith("http://127.0.0.1:")


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_an_ipv6_address_is_bracketed() -> None:
    with listen("::1", 0) as listener:
        assert url_of(listener).startswith("http://[::1]:")


def test_a_port_in_use_is_told_from_other_refusals() -> None:
    with listen("127.0.0.1", 0) as listener, pytest.raises(PortInUse, match="--port"):
        listen("127.0.0.1", listener.getsockname()[1])


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(CommandFailed, match=host):
        listen(host, 0)
