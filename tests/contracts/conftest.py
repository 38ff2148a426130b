"""A demo school for the contracts alone: what they record there is nobody's scene. Its log is read afterwards."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contracts.wire import Headers, Wire
from tests.e2e.conftest import School, school

__all__ = ["school"]


@pytest.fixture(scope="session")
def wire(school: School) -> Wire:
    return Wire(school.platform.url)


@pytest.fixture
def keys(school: School) -> dict[str, Headers]:
    """What a request with the key of a preset carries."""
    return {preset: {"X-API-KEY": key} for preset, key in school.keys.items()}


@pytest.fixture(autouse=True, scope="module")
def _nothing_went_wrong_inside(school: School) -> Iterator[None]:
    """Whatever a module sent, the server neither failed nor logged an error, and it still answers."""
    log = Path(school.platform.answer["data"]) / "api.log"
    before = log.stat().st_size
    yield
    with log.open() as lines:
        lines.seek(before)
        told = [json.loads(line) for line in lines]
    assert [line for line in told if line.get("level") in ("error", "critical") or line.get("status", 0) >= 500] == []
    assert httpx.get(f"{school.platform.url}/health/ready", trust_env=False, timeout=1).status_code == 200
