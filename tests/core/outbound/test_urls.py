"""What a partner may name as its endpoint, and what it is told where it may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.outbound import Policy, read_url
from app.core.outbound.errors import (
    AddressNotPublic,
    FragmentRefused,
    HostAmbiguous,
    HostRefused,
    OwnHostRefused,
    PortRefused,
    SchemeRefused,
    UrlMalformed,
    UrlRefused,
    UrlTooLong,
    UserinfoRefused,
)
from app.core.outbound.urls import LONGEST

PRODUCTION = Policy(own=("api.skooly.example", 443))
DEVELOPMENT = Policy.development(own=("127.0.0.1", 8000))

REFUSED = [
    ("https://127.0.0.1/", AddressNotPublic),
    ("https://127.1/", HostAmbiguous),
    ("https://0/", HostAmbiguous),
    ("https://2130706433/", HostAmbiguous),
    ("https://0x7f.1/", HostAmbiguous),
    ("https://0x7f000001/", HostAmbiguous),
    ("https://017700000001/", HostAmbiguous),
    ("https://127.0.0.01/", HostAmbiguous),
    ("https://0251.0376.0251.0376/", HostAmbiguous),
    ("https://1.2.3.4.5/", HostAmbiguous),
    ("https://127.0.0.1./", HostAmbiguous),
    ("https://example.0x7f/", HostAmbiguous),
    ("https://①②⑦.⓪.⓪.①/", HostAmbiguous),
    ("https://127。0。0。1/", HostAmbiguous),
    ("https://127．0．0．1/", HostAmbiguous),
    ("https://127｡0｡0｡1/", HostAmbiguous),
    ("https://ｌｏｃａｌｈｏｓｔ.example/", HostAmbiguous),
    ("https://\u212aelvin.example/", HostAmbiguous),
    ("https://loca\u00adlhost.example/", HostAmbiguous),
    ("https://localhost/", HostRefused),
    ("https://localhost./", HostRefused),
    ("https://LOCALHOST/", HostRefused),
    ("https://hook.localhost/", HostRefused),
    ("https://metadata.google.internal/", HostRefused),
    ("https://printer.local/", HostRefused),
    ("https://intranet/", HostRefused),
    ("https://1.0.0.127.in-addr.arpa/", HostRefused),
    ("https://[::1]/", AddressNotPublic),
    ("https://[::]/", AddressNotPublic),
    ("https://[::ffff:7f00:1]/", AddressNotPublic),
    ("https://[::ffff:127.0.0.1]/", AddressNotPublic),
    ("https://[::127.0.0.1]/", AddressNotPublic),
    ("https://[64:ff9b::a9fe:a9fe]/", AddressNotPublic),
    ("https://[64:ff9b:1::1]/", AddressNotPublic),
    ("https://[2002:a9fe:a9fe::]/", AddressNotPublic),
    ("https://[fe80::1%25lo]/", UrlMalformed),
    ("https://[fe80::1]/", AddressNotPublic),
    ("https://[fd00:ec2::254]/", AddressNotPublic),
    ("https://[fec0::1]/", AddressNotPublic),
    ("https://[ff02::1]/", AddressNotPublic),
    ("https://[::1/", UrlMalformed),
    ("https://[]/", HostAmbiguous),
    ("https://[127.0.0.1]/", HostAmbiguous),
    ("https://169.254.169.254/", AddressNotPublic),
    ("https://100.64.0.1/", AddressNotPublic),
    ("https://192.0.0.192/", AddressNotPublic),
    ("https://198.18.0.1/", AddressNotPublic),
    ("https://224.0.0.1/", AddressNotPublic),
    ("https://255.255.255.255/", AddressNotPublic),
    ("https://api.skooly.example/", OwnHostRefused),
    ("https://API.Skooly.Example./hook", OwnHostRefused),
    ("https://api.skooly.example:8443/", OwnHostRefused),
    ("https://hook.example.org:22/", PortRefused),
    ("https://hook.example.org:6379/", PortRefused),
    ("https://hook.example.org:80/", PortRefused),
    ("https://hook.example.org:99999/", PortRefused),
    ("https://hook.example.org:0/", PortRefused),
    ("https://hook.example.org:4 43/", UrlMalformed),
    ("https://hook.example.org:/", UrlMalformed),
    ("https://hook.example.org:４４３/", UrlMalformed),
    ("https://good@127.0.0.1/", UserinfoRefused),
    ("https://good:pass@hook.example.org/", UserinfoRefused),
    ("https://127.0.0.1\\@good/", UrlMalformed),
    ("https://good#@127.0.0.1/", FragmentRefused),
    ("https://hook.example.org/#x", FragmentRefused),
    ("https://hook.example.org#", FragmentRefused),
    ("//169.254.169.254/", UrlMalformed),
    ("https:///x", UrlMalformed),
    ("https:/hook.example.org/", UrlMalformed),
    ("https:hook.example.org", UrlMalformed),
    ("hook.example.org", UrlMalformed),
    ("", UrlMalformed),
    ("http://hook.example.org/", SchemeRefused),
    ("file:///etc/passwd", SchemeRefused),
    ("gopher://hook.example.org/", SchemeRefused),
    ("https://hook.example.org/\r\nHost: internal", UrlMalformed),
    ("https://hook.example.org/a\nb", UrlMalformed),
    ("https://hook.example.org/a\tb", UrlMalformed),
    ("https://hook.example.org/a\0b", UrlMalformed),
    ("https://hook.example.org/a b", UrlMalformed),
    ("https://hook.example.org/\u2028", UrlMalformed),
    ("https://hook.example.org/\ud800", UrlMalformed),
    (" https://hook.example.org/", UrlMalformed),
    ("https://hook.example.org/é", UrlMalformed),
    ("https://hook.example.org/%zz", UrlMalformed),
    ("https://hook%2eexample.org/", HostAmbiguous),
    ("https://hook_.example.org/", HostAmbiguous),
    ("https://-hook.example.org/", HostAmbiguous),
    ("https://hook..example.org/", HostAmbiguous),
    (f"https://{'a' * 64}.example.org/", HostAmbiguous),
    (f"https://{'a.' * 127}org/", HostAmbiguous),
    ("https://hook.example.org/" + "a" * (LONGEST - 24), UrlTooLong),
]


@pytest.mark.parametrize(("url", "refusal"), REFUSED, ids=[ascii(url)[:60] for url, _ in REFUSED])
def test_it_is_refused_by_name(url: str, refusal: type[UrlRefused]) -> None:
    with pytest.raises(UrlRefused) as refused:
        read_url(url, PRODUCTION)
    assert type(refused.value) is refusal
    assert refused.value.field == "url"
    assert refused.value.message("fr") != refused.value.message("en")


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://hook.example.org", "hook.example.org", "/"),
        ("HTTPS://Hook.Example.ORG./a/b?c=d&e=%C3%A9", "hook.example.org", "/a/b?c=d&e=%C3%A9"),
        ("https://hook.example.org?x", "hook.example.org", "/?x"),
        ("https://hook.example.org:443/", "hook.example.org", "/"),
        ("https://hook.example.org:8443/", "hook.example.org:8443", "/"),
        ("https://école.example.sn/crochet", "xn--cole-9oa.example.sn", "/crochet"),
        ("https://8.8.8.8/", "8.8.8.8", "/"),
        ("https://[2606:4700:4700::1111]:8443/", "[2606:4700:4700::1111]:8443", "/"),
        ("https://hook.example.org/" + "a" * (LONGEST - 25), "hook.example.org", "/" + "a" * (LONGEST - 25)),
        ("https://hook.example.org/:@!$&'()*+,;=~[]", "hook.example.org", "/:@!$&'()*+,;=~[]"),
    ],
)
def test_it_is_taken_apart_once(url: str, authority: str, path: str) -> None:
    target = read_url(url, PRODUCTION)
    assert (target.authority, target.path) == (authority, path)
    assert read_url(target.url, PRODUCTION) == target


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/", "http://localhost:9000/", "http://[::1]:9000/", "http://receiver:9000/x"]
)
def test_a_developer_may_open_what_is_near(url: str) -> None:
    assert read_url(url, DEVELOPMENT).port == 9000
    with pytest.raises(UrlRefused):
        read_url(url, PRODUCTION)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "http://[fe80::1]:9000/",
        "http://0.0.0.0:9000/",
        "http://[::ffff:169.254.169.254]:9000/",
        "http://127.1:9000/",
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:22/",
        "http://224.0.0.1:9000/",
    ],
)
def test_development_does_not_open_everything(url: str) -> None:
    with pytest.raises(UrlRefused):
        read_url(url, DEVELOPMENT)


@given(
    st.text(max_size=60),
    st.sampled_from(["", "https://", "https://hook.example.org", "https://127.0.0.1", "https://["]),
)
def test_whatever_is_taken_means_the_same_when_it_is_read_again(text: str, before: str) -> None:
    try:
        target = read_url(before + text, PRODUCTION)
    except UrlRefused:
        return
    assert target.url.isascii()
    assert target.url.isprintable()
    assert read_url(target.url, PRODUCTION) == target
