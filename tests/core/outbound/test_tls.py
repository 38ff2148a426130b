"""Certificates are checked, for the name in the URL and at the address that was vetted."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.outbound import Client, Policy, read_url, verifying_context
from app.core.outbound.errors import CallTimedOut, ConnectFailed, TlsFailed
from tests.core.outbound.conftest import HOST, PUBLIC
from tests.support.certificates import Authority, make_authority, self_signed
from tests.support.name_server import NameServer, always
from tests.support.raw_receiver import receiver

BODY = b"{}"


@pytest.fixture(autouse=True)
def name(names: NameServer) -> None:
    names.zones[HOST] = always(PUBLIC)


async def _post(client: Client, policy: Policy, port: int, host: str = HOST, seconds: float = 10) -> int:
    answer = await client.post(read_url(f"https://{host}:{port}/", policy), {}, BODY, seconds=seconds)
    return answer.status


async def test_a_good_certificate_is_taken_and_the_name_is_told(
    client: Client, policy: Policy, authority: Authority
) -> None:
    told: list[str | None] = []
    context = authority.server(HOST)
    context.sni_callback = lambda socket, name, of: told.append(name)
    async with receiver(host=PUBLIC, tls=context) as there:
        assert await _post(client, policy, there.port) == 200
        assert await _post(client, policy, there.port) == 200
    assert told == [HOST]
    assert there.requests[0].headers["host"] == f"{HOST}:{there.port}"


async def test_a_certificate_for_an_address_is_taken(client: Client, policy: Policy, authority: Authority) -> None:
    async with receiver(host=PUBLIC, tls=authority.server(PUBLIC)) as there:
        assert await _post(client, policy, there.port, host=PUBLIC) == 200


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("expired", "expired"), ("wrong-name", "mismatch"), ("self-signed", "self-signed"), ("stranger", "unable to get")],
)
async def test_a_bad_certificate_is_refused_before_a_byte_is_sent(
    client: Client, policy: Policy, authority: Authority, tmp_path: Path, kind: str, reason: str
) -> None:
    async with receiver(host=PUBLIC, tls=_context(kind, authority, tmp_path)) as there:
        with pytest.raises(TlsFailed) as failed:
            await _post(client, policy, there.port)
    assert reason in failed.value.message("en")
    assert str(failed.value.address) == PUBLIC
    assert there.requests == []


def _context(kind: str, authority: Authority, folder: Path) -> ssl.SSLContext:
    if kind == "expired":
        return authority.server(HOST, ends=timedelta(days=-1))
    if kind == "wrong-name":
        return authority.server("other.example.org")
    if kind == "self-signed":
        return self_signed(folder, HOST)
    elsewhere = folder / "stranger"
    elsewhere.mkdir()
    return make_authority(elsewhere).server(HOST)


async def test_plain_http_where_tls_was_expected_fails(client: Client, policy: Policy) -> None:
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(chatter, PUBLIC, 0)
    async with server:
        with pytest.raises((TlsFailed, ConnectFailed)):
            await _post(client, policy, server.sockets[0].getsockname()[1])


async def test_a_handshake_that_never_ends_is_part_of_the_time(client: Client, policy: Policy) -> None:
    hung_up = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        hung_up.set()
        writer.close()

    server = await asyncio.start_server(silent, PUBLIC, 0)
    async with server:
        with pytest.raises(CallTimedOut):
            await _post(client, policy, server.sockets[0].getsockname()[1], seconds=0.3)
        await asyncio.wait_for(hung_up.wait(), 5)


def test_the_context_refuses_what_is_old_and_checks_what_is_new(authority: Authority) -> None:
    context = verifying_context(authority.file)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_without_authorities_of_ones_own_some_are_known() -> None:
    assert verifying_context().get_ca_certs() or ssl.get_default_verify_paths().capath
