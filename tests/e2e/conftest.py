"""The platform as `./skooly up` starts it, with its demo school, asked over HTTP with its demo keys."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.platform import RunningPlatform


class School:
    """The demo school from outside: one HTTP client per preset."""

    def __init__(self, platform: RunningPlatform) -> None:
        self.platform = platform
        self.keys: dict[str, str] = platform.answer["keys"]
        self._clients: dict[str, httpx.Client] = {}

    def client(self, key: str) -> httpx.Client:
        """A client with the key of a preset, or with `key` itself."""
        if key not in self._clients:
            headers = {"X-API-KEY": self.keys.get(key, key)}
            self._clients[key] = httpx.Client(base_url=self.platform.url, headers=headers, trust_env=False)
        return self._clients[key]

    def get(self, preset: str, path: str, **parameters: str) -> httpx.Response:
        return self.client(preset).get(f"/v1{path}", params=parameters or None)

    def check(self, badge: str, zone: str = "RESTAURANT", *, preset: str = "tourniquet") -> httpx.Response:
        return self.get(preset, "/access-control/check", nfc=badge, zone=zone)

    def mutate(self, preset: str, name: str, member: str, **given: Any) -> dict[str, Any]:
        """Runs one mutation of `input`; fails unless its result is a `member`."""
        text = f"mutation M($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ __typename }} }}"
        answer = self.client(preset).post("/graphql", json={"query": text, "variables": {"input": given}})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"][name] == {"__typename": member}, answer.text
        return answer.json()

    def top_up(self, matricule: str, amount: str) -> None:
        self.mutate(
            "core",
            "topUpWallet",
            "WalletTopUp",
            matricule=matricule,
            provider="wave",
            amount=amount,
            currency="XOF",
            reference=uuid.uuid4().hex,
        )

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    platform = RunningPlatform(tmp_path_factory.mktemp("platform") / "data")
    school = School(platform)
    yield school
    school.close()
    platform.close()
