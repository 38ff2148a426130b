"""Names to addresses, asked of a real name server."""

import asyncio
from ipaddress import ip_address

import pytest

from app.core.outbound import NameServers, Policy, read_url
from app.core.outbound.errors import AddressRefused, NameUnresolved
from app.core.outbound.resolver import LONGEST_KEPT_SECONDS, MOST_TRIED, Resolver
from app.core.outbound.urls import Target
from tests.core.outbound.conftest import ALSO_PUBLIC, HOST, INTERNAL, PUBLIC
from tests.support.name_server import ADDRESS, NameServer, always, in_turn


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def resolver(names: NameServer, policy: Policy, seconds: Seconds) -> Resolver:
    return Resolver(NameServers([ADDRESS], names.port), policy, seconds)


@pytest.fixture
def target(policy: Policy) -> Target:
    return read_url(f"https://{HOST}/", policy)


async def test_all_addresses_of_a_public_name_may_be_dialled(
    resolver: Resolver, names: NameServer, target: Target
) -> None:
    names.zones[HOST] = always(PUBLIC, ALSO_PUBLIC, "2606:4700:4700::1111")
    found = await resolver.addresses_of(target)
    assert set(found) == {ip_address(PUBLIC), ip_address(ALSO_PUBLIC), ip_address("2606:4700:4700::1111")}


@pytest.mark.parametrize(
    "records",
    [
        (INTERNAL,),
        (PUBLIC, INTERNAL),
        (INTERNAL, PUBLIC),
        (PUBLIC, "169.254.169.254"),
        (PUBLIC, "10.0.0.1"),
        (PUBLIC, "::1"),
        (PUBLIC, "fd00:ec2::254"),
        (PUBLIC, "::ffff:10.0.0.1"),
        (PUBLIC, "64:ff9b::a9fe:a9fe"),
        (PUBLIC, "2002:7f00:1::"),
        ("db.internal", "10.0.0.1"),
        ("db.internal", INTERNAL),
        ("cdn.example.net", "db.internal", "fd00::1"),
        (*(f"127.77.1.{number}" for number in range(MOST_TRIED + 2)), INTERNAL),
    ],
    ids=lambda records: "+".join(records[-3:]),
)
async def test_one_internal_address_refuses_the_name(
    resolver: Resolver, names: NameServer, target: Target, records: tuple[str, ...]
) -> None:
    names.zones[HOST] = always(*records)
    with pytest.raises(AddressRefused):
        await resolver.addresses_of(target)


async def test_an_alias_of_a_public_name_may_be_dialled(resolver: Resolver, names: NameServer, target: Target) -> None:
    names.zones[HOST] = always("cdn.example.net", PUBLIC)
    assert await resolver.addresses_of(target) == (ip_address(PUBLIC),)


async def test_a_name_that_turns_inward_is_refused_from_then_on(
    resolver: Resolver, names: NameServer, target: Target
) -> None:
    names.zones[HOST] = in_turn((PUBLIC,), (INTERNAL,))
    assert await resolver.addresses_of(target) == (ip_address(PUBLIC),)
    for _ in range(2):
        with pytest.raises(AddressRefused):
            await resolver.addresses_of(target)


async def test_an_answer_is_kept_for_its_ttl_and_not_longer(
    resolver: Resolver, names: NameServer, target: Target, seconds: Seconds
) -> None:
    names.ttl = 30
    names.zones[HOST] = in_turn((PUBLIC,), (ALSO_PUBLIC,))
    for seconds.now in (0.0, 29.9):
        assert await resolver.addresses_of(target) == (ip_address(PUBLIC),)
    seconds.now = 30.0
    assert await resolver.addresses_of(target) == (ip_address(ALSO_PUBLIC),)


async def test_no_ttl_keeps_an_answer_for_days(
    resolver: Resolver, names: NameServer, target: Target, seconds: Seconds
) -> None:
    names.ttl = 604_800
    names.zones[HOST] = in_turn((PUBLIC,), (INTERNAL,))
    await resolver.addresses_of(target)
    seconds.now = LONGEST_KEPT_SECONDS
    with pytest.raises(AddressRefused):
        await resolver.addresses_of(target)


async def test_many_at_once_ask_once_and_one_that_gives_up_spoils_nothing(
    resolver: Resolver, names: NameServer, target: Target
) -> None:
    names.zones[HOST] = always(PUBLIC)
    asking = [asyncio.create_task(resolver.addresses_of(target)) for _ in range(20)]
    await asyncio.sleep(0)
    asking[0].cancel()
    answers = await asyncio.gather(*asking[1:])
    assert set(answers) == {(ip_address(PUBLIC),)}
    assert names.asked[HOST] == 1


async def test_an_unknown_name_is_unresolved_and_asked_again(
    resolver: Resolver, names: NameServer, target: Target
) -> None:
    with pytest.raises(NameUnresolved):
        await resolver.addresses_of(target)
    names.zones[HOST] = always(PUBLIC)
    assert await resolver.addresses_of(target)


async def test_a_literal_address_is_vetted_without_a_question(resolver: Resolver, names: NameServer) -> None:
    with pytest.raises(AddressRefused):
        await resolver.addresses_of(Target("https", INTERNAL, 443, "/", ip_address(INTERNAL)))
    assert names.asked == {}


async def test_localhost_is_loopback_whatever_a_name_server_says(resolver: Resolver, names: NameServer) -> None:
    names.zones["localhost"] = always(PUBLIC)
    with pytest.raises(AddressRefused):
        await resolver.addresses_of(Target("http", "localhost", 9000, "/"))
    assert names.asked == {}
