"""A client whose Internet is 127.77.0.0/16: addresses of loopback that the policy takes, beside 127.0.0.1, which it
does not.
"""

from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from app.core.outbound import Client, NameServers, Policy, verifying_context
from tests.support.certificates import Authority, make_authority
from tests.support.name_server import ADDRESS, NameServer, name_server

INTERNET = ip_network("127.77.0.0/16")
PUBLIC = "127.77.0.1"
ALSO_PUBLIC = "127.77.0.2"
INTERNAL = "127.0.0.1"
HOST = "hook.example.org"

MakeClient = Callable[..., Client]


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    async with name_server() as server:
        yield server


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path)


@pytest.fixture
async def policy() -> Policy:
    """Over http as well; what addresses are public is the question of each test."""
    return Policy(opened=(INTERNET,), insecure=True)


@pytest.fixture
async def client(names: NameServer, policy: Policy, authority: Authority) -> AsyncIterator[Client]:
    client = Client(policy, NameServers([ADDRESS], names.port), verifying_context(authority.file))
    yield client
    client.close()
