"""`skooly schools` and `skooly keys`, run for real as an operator runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from app.cli.data_directory import CHECKOUT
from app.core.clock import SystemClock
from app.core.database import Database
from app.domains.partners.errors import KeyRevoked
from app.domains.partners.keyring import Keyring

PEPPER = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
PEPPERS = {1: b"01234567890123456789012345678901"}
SCHOOL = ("--name", "Lycée", "--timezone", "Africa/Dakar", "--currency", "xof")

Skooly = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def skooly(fresh_database_url: str) -> Skooly:
    """Runs a command against an empty production database."""
    environment = {
        **os.environ,
        "SKOOLY_DATABASE_URL": fresh_database_url,
        "SKOOLY_REDIS_URL": "redis://unused",
        "SKOOLY_KEY_PEPPERS": json.dumps({"1": PEPPER}),
        "SKOOLY_SECRET_KEYS": json.dumps({"1": PEPPER}),
        "SKOOLY_CURSOR_SECRET": "c" * 32,
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli", *arguments]
        return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True)

    return run


def answer(finished: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout))


async def test_a_key_from_issue_to_revocation(skooly: Skooly, fresh_database_url: str) -> None:
    assert answer(skooly("schools", "create", "lycee", *SCHOOL, "--json"))["code"] == "LYCEE"
    issued = answer(
        skooly(
            *("keys", "issue", "--partner", "Entrée", "--preset", "tourniquet", "--zones", "gym, restaurant"),
            *("--cidrs", "10.0.0.0/8", "--expires", "2099-06-30", "--json"),
        )
    )
    assert issued["school"] == "LYCEE"
    assert issued["scopes"] == ["access:check", "access:record"]
    assert (issued["zones"], issued["cidrs"]) == (["GYM", "RESTAURANT"], ["10.0.0.0/8"])
    assert issued["expires_at"] == "2099-06-30T00:00:00+00:00"

    rotated = answer(skooly("keys", "rotate", issued["key_id"], "--grace", "1", "--json"))
    assert rotated["zones"] == issued["zones"]
    listed = answer(skooly("keys", "list", "--json"))["keys"]
    assert {key["key_id"]: key["state"] for key in listed} == {
        issued["key_id"]: "replaced",
        rotated["key_id"]: "active",
    }

    assert answer(skooly("keys", "revoke", rotated["key"], "--json"))["state"] == "revoked"
    async with Database(fresh_database_url) as database:
        keyring = Keyring(database, PEPPERS, SystemClock())
        assert (await keyring.authenticate(issued["key"], "10.1.1.1")).partner_name == "Entrée"
        with pytest.raises(KeyRevoked):
            await keyring.authenticate(rotated["key"], "10.1.1.1")


def test_without_json_the_key_stands_alone_on_standard_output(skooly: Skooly) -> None:
    assert skooly("schools", "create", "A", *SCHOOL).stdout == "A\n"
    issued = skooly("keys", "issue", "--partner", "Sage", "--preset", "comptabilite")
    assert issued.stdout.startswith("sk_live_")
    assert issued.stdout.count("\n") == 1
    assert issued.stdout.strip() not in issued.stderr
    shown = skooly("keys", "list").stdout
    assert "Sage" in shown
    assert "finance.journals:read" not in shown  # a key of Skooly itself has more scopes than a screen has columns
    assert issued.stdout.strip() not in shown


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("keys", "issue", "--partner", "Sage", "--preset", "core"), 1, "skooly schools create"),
        (("keys", "issue", "--partner", "Sage", "--preset", "nothing", "--school", "B"), 1, "No school has the code"),
        (("keys", "issue", "--preset", "core"), 2, "--partner"),
        (("keys", "revoke", "0123456789ab"), 1, "0123456789ab"),
        (("schools", "create", "A", "--name", "A", "--timezone", "Mars/Base", "--currency", "XOF"), 1, "Mars/Base"),
    ],
)
def test_a_refusal_says_what_to_do(skooly: Skooly, arguments: tuple[str, ...], code: int, says: str) -> None:
    refused = skooly(*arguments)
    assert refused.returncode == code
    assert says in refused.stderr
    assert "Traceback" not in refused.stderr


def test_with_several_schools_one_is_chosen(skooly: Skooly) -> None:
    for code in ("A", "B"):
        skooly("schools", "create", code, *SCHOOL)
    assert [school["code"] for school in answer(skooly("schools", "list", "--json"))["schools"]] == ["A", "B"]
    refused = skooly("keys", "list", "--json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "A, B" in json.loads(refused.stderr)["error"]["message"]
    assert answer(skooly("keys", "list", "--school", "b", "--json")) == {"keys": []}


def test_a_key_that_has_already_expired_is_not_issued(skooly: Skooly) -> None:
    answer(skooly("schools", "create", "lycee", *SCHOOL, "--json"))
    assert "no key yet" in skooly("keys", "list").stderr
    refused = skooly("keys", "issue", "--partner", "Entrée", "--preset", "tourniquet", "--expires", "2020-01-01")
    assert refused.returncode == 1
    assert "future" in refused.stderr
    assert answer(skooly("keys", "list", "--json"))["keys"] == []
