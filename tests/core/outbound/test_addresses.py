"""Which addresses count as public."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.outbound.addresses import PRIVATE, is_open, is_public

FOOLING_IS_GLOBAL = [
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "2002:7f00:1::",
    "::7f00:1",
    "::a9fe:a9fe",
    "::ffff:0:7f00:1",
    "192.0.0.192",
    "192.88.99.1",
    "fec0::1",
    "3fff::1",
    "5f00::1",
    "ff0e::1",
    "224.0.1.1",
    "2001:0:7f00:1::",
]
PLAINLY_INTERNAL = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "ff02::1",
    "100::1",
    "2001:db8::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "41.82.0.1", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", FOOLING_IS_GLOBAL + PLAINLY_INTERNAL)
def test_it_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_it_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_address_carried_by_another_is_judged_as_itself(address: object) -> None:
    plain = ip_address(str(address))
    assert is_public(ip_address(f"::ffff:{plain}")) == is_public(plain)
    assert is_public(ip_address(f"64:ff9b::{plain}")) == is_public(plain)


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_is_public(address: object) -> None:
    given_one = ip_address(str(address))
    if given_one.is_private or given_one.is_loopback or given_one.is_link_local or given_one.is_multicast:
        assert not is_public(given_one) or getattr(given_one, "ipv4_mapped", None)


def test_opening_networks_leaves_the_clouds_secrets_closed() -> None:
    assert is_open(ip_address("127.0.0.1"), PRIVATE)
    assert is_open(ip_address("::ffff:127.0.0.1"), PRIVATE)
    assert not is_open(ip_address("169.254.169.254"), PRIVATE)
    assert not is_open(ip_address("fe80::1"), PRIVATE)
    assert not is_open(ip_address("64:ff9b::7f00:1"), PRIVATE)
