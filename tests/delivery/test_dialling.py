"""What the settings let webhooks reach."""

import pytest
import structlog

from app.core.outbound import read_url
from app.core.outbound.errors import OwnHostRefused, PortRefused, UrlRefused
from app.core.outbound.pool import MOST
from app.delivery.dialling import make_sender, most_kept, most_under_way, policy_of
from app.delivery.options import MOST_UNDER_WAY, Options
from tests.web.running import make_settings

URLS = ("postgresql+asyncpg://skooly@nowhere/skooly", "redis://nowhere")


def test_nothing_is_opened_unless_it_is_asked_for() -> None:
    policy = policy_of(make_settings(*URLS))
    assert (policy.opened, policy.insecure, sorted(policy.ports)) == ((), False, [443, 8443])


def test_opening_the_house_is_loud() -> None:
    with structlog.testing.capture_logs() as lines:
        policy = policy_of(make_settings(*URLS, outbound_development=True))
    assert read_url("http://127.0.0.1:9000/", policy).port == 9000
    (line,) = lines
    assert (line["log_level"], line["event"]) == ("warning", "outbound_open_for_development")


@pytest.mark.parametrize(
    ("public_url", "url"),
    [
        ("https://api.skooly.example", "https://api.skooly.example/hook"),
        ("https://API.skooly.example./", "https://api.skooly.example:8443/"),
        ("http://api.skooly.example:8000", "https://api.skooly.example/"),
    ],
)
def test_the_public_url_is_no_receiver(public_url: str, url: str) -> None:
    with pytest.raises(OwnHostRefused):
        read_url(url, policy_of(make_settings(*URLS, public_url=public_url)))


def test_a_developer_may_use_another_port_of_the_same_host() -> None:
    policy = policy_of(make_settings(*URLS, public_url="http://127.0.0.1:8000", outbound_development=True))
    assert read_url("http://127.0.0.1:9000/", policy)
    with pytest.raises(OwnHostRefused):
        read_url("http://127.0.0.1:8000/", policy)


def test_ports_are_those_of_the_settings() -> None:
    policy = policy_of(make_settings(*URLS, outbound_ports="4443"))
    assert read_url("https://hook.example.org:4443/", policy)
    with pytest.raises(PortRefused):
        read_url("https://hook.example.org/", policy)


async def test_a_sender_is_made_of_them() -> None:
    sender = make_sender(make_settings(*URLS, name_servers="127.0.0.1", name_server_port=5353), Options())
    sender.close()
    with pytest.raises(UrlRefused):
        read_url("http://hook.example.org/", policy_of(make_settings(*URLS)))


@pytest.mark.parametrize(
    ("descriptors", "under_way", "kept"),
    [(1_024, 736, 32), (2_500, MOST_UNDER_WAY, 196), (4_096, MOST_UNDER_WAY, 1_792), (65_536, MOST_UNDER_WAY, MOST)],
)
def test_requests_under_way_and_kept_connections_share_what_descriptors_there_are(
    descriptors: int, under_way: int, kept: int
) -> None:
    assert most_under_way(descriptors) == under_way
    assert most_kept(descriptors, Options(most=under_way)) == kept
    assert under_way + kept < descriptors
