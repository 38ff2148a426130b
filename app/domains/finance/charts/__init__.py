"""The charts of accounts that Skooly ships: data that a school starts from, and then has as its own.

A chart is a TOML file here: its accounts, and for each use the account and the journal it takes.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHARTS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.toml")))


@dataclass(frozen=True, slots=True)
class Chart:
    """`accounts` is code → label, `uses` is use → account, `journals` is use → (code, label)."""

    name: str
    label: str
    accounts: Mapping[str, str]
    uses: Mapping[str, str]
    journals: Mapping[str, tuple[str, str]]


@cache
def chart_named(name: str) -> Chart:
    """One of CHARTS."""
    written = tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
    journals = {use: (each["code"], each["label"]) for use, each in written["journals"].items()}
    return Chart(name, written["label"], written["accounts"], written["uses"], journals)
