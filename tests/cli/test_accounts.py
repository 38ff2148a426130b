"""`skooly accounts`, run for real as an operator runs it."""

from tests.cli.test_keys import SCHOOL, Skooly, answer, skooly

__all__ = ["skooly"]


def test_a_school_gets_its_accounts_from_the_command_line(skooly: Skooly) -> None:
    answer(skooly("schools", "create", "LYCEE", *SCHOOL, "--json"))
    assert answer(skooly("accounts", "list", "--json")) == {"chart": None, "accounts": []}
    assert "accounts use syscohada" in skooly("accounts", "list").stderr
    chosen = answer(skooly("accounts", "use", "SYSCOHADA", "--json"))
    assert (chosen["chart"], chosen["accounts"]["tuition"], chosen["journals"]["sales"]) == ("syscohada", "7061", "VT")
    moved = answer(skooly("accounts", "set", "bank", "5211", "--label", "Banque Atlantique", "--json"))
    assert moved["accounts"]["bank"] == "5211"
    listed = answer(skooly("accounts", "list", "--json"))
    assert {"code": "5211", "label": "Banque Atlantique", "uses": ["bank"]} in listed["accounts"]
    assert "Banque Atlantique" in skooly("accounts", "list").stdout


def test_a_chart_that_is_not_shipped_is_refused_with_those_that_are(skooly: Skooly) -> None:
    answer(skooly("schools", "create", "LYCEE", *SCHOOL, "--json"))
    refused = skooly("accounts", "use", "gaap")
    assert refused.returncode != 0
    assert "pcg, syscohada" in refused.stderr
