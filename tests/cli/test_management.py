"""`skooly partners`, `skooly schools update` and keys of the platform, run for real as an operator runs them."""

import pytest

from app.core.actor import NOWHERE
from app.core.clock import SystemClock
from app.core.database import Database
from app.domains.partners.errors import KeyRevoked
from app.domains.partners.keyring import Keyring
from tests.cli.test_keys import PEPPERS, SCHOOL, Skooly, answer, skooly

__all__ = ["skooly"]


def test_partners_are_let_in_renamed_and_listed(skooly: Skooly) -> None:
    answer(skooly("schools", "create", "A", *SCHOOL, "--json"))
    assert "no partner yet" in skooly("partners", "list").stderr
    assert skooly("partners", "create", "Sage").stdout == "Sage\n"
    assert answer(skooly("partners", "rename", "Sage", "--to", "Sage 100", "--json"))["name"] == "Sage 100"
    answer(skooly("keys", "issue", "--partner", "Cantine", "--preset", "cantine", "--json"))
    listed = answer(skooly("partners", "list", "--json"))["partners"]
    assert [(each["name"], each["keys"]) for each in listed] == [("Cantine", 1), ("Sage 100", 0)]
    refused = skooly("partners", "create", "Cantine")
    assert (refused.returncode, "Cantine" in refused.stderr) == (1, True)


def test_a_school_changes_its_name_and_time_zone(skooly: Skooly) -> None:
    answer(skooly("schools", "create", "A", *SCHOOL, "--json"))
    changed = answer(skooly("schools", "update", "a", "--name", "Lycée Neuf", "--json"))
    assert (changed["name"], changed["timezone"]) == ("Lycée Neuf", "Africa/Dakar")
    assert skooly("schools", "update", "A", "--timezone", "Africa/Lagos").stdout == "A\n"
    assert answer(skooly("schools", "list", "--json"))["schools"][0]["timezone"] == "Africa/Lagos"
    assert "Mars/Base" in skooly("schools", "update", "A", "--timezone", "Mars/Base").stderr


async def test_a_key_of_the_platform_from_issue_to_revocation(skooly: Skooly, fresh_database: Database) -> None:
    """There need be no school."""
    issued = answer(skooly("keys", "issue", "--platform", "--partner", "Exploitation", "--json"))
    assert (issued["school"], issued["preset"], issued["scopes"]) == (None, "platform", ["schools:manage"])
    rotated = answer(skooly("keys", "rotate", issued["key_id"], "--grace", "1", "--json"))
    listed = answer(skooly("keys", "list", "--platform", "--json"))["keys"]
    assert [(each["partner"], each["state"]) for each in listed] == [
        ("Exploitation", "replaced"),
        ("Exploitation", "active"),
    ]
    keyring = Keyring(fresh_database, PEPPERS, SystemClock())
    assert (await keyring.authenticate(rotated["key"], None)).school_id == NOWHERE
    assert answer(skooly("keys", "revoke", rotated["key"], "--json"))["state"] == "revoked"
    with pytest.raises(KeyRevoked):
        await Keyring(fresh_database, PEPPERS, SystemClock()).authenticate(rotated["key"], None)


def test_what_goes_with_platform_and_what_does_not(skooly: Skooly) -> None:
    for arguments in (("--platform", "--preset", "core"), ("--platform", "--zones", "A"), ()):
        refused = skooly("keys", "issue", "--partner", "X", *arguments)
        assert refused.returncode == 2
        assert "--platform" in refused.stderr
    assert "no key of the platform" in skooly("keys", "list", "--platform").stderr
