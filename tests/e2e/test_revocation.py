"""A key is issued, used and revoked, with Valkey stopped: quiet, not gone, which is the harder case."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import School
from tests.e2e.skooly import skooly


@pytest.fixture
def quiet_valkey(school: School) -> Iterator[None]:
    [valkey] = school.platform.children("valkey-server")
    os.kill(valkey, signal.SIGSTOP)
    yield
    os.kill(valkey, signal.SIGCONT)


@pytest.mark.usefixtures("quiet_valkey")
def test_a_revoked_key_is_refused(school: School) -> None:
    issued = skooly(school, "keys", "issue", "--school", "DEMO", "--partner", "Cantine éphémère", "--preset", "cantine")
    client = school.client(issued["key"])
    assert client.get("/v1/students/badge/10011").status_code == 200
    skooly(school, "keys", "revoke", issued["key"].split("_")[2])
    give_up = time.monotonic() + 20.0
    while client.get("/v1/students/badge/10011").status_code != 401:
        assert time.monotonic() < give_up
    for _ in range(20):
        answer = client.get("/v1/students/badge/10011")
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


def test_a_key_for_one_zone_is_told_that_another_is_not_its_own(school: School) -> None:
    words = ["--school", "DEMO", "--partner", "Porte du restaurant", "--preset", "tourniquet", "--zones", "RESTAURANT"]
    key = skooly(school, "keys", "issue", *words)["key"]
    assert school.check("10011", preset=key).json()["decision"] == "granted"
    refused = school.check("10011", "BIBLIOTHEQUE", preset=key)
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert "decision" not in refused.json()
