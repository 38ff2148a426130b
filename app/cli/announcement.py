"""What `up` prints once everything answers: where, with which keys, and requests to paste."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

REQUESTS = {
    "cantine": ("GET", "/v1/students/badge/12345"),
    "tourniquet": ("GET", "/v1/access-control/check?nfc=12345&zone=RESTAURANT"),
    "bibliotheque": ("GET", "/v1/students/2024%2FINF%2F0123"),
    "scolarite": ("GET", "/v1/financial/status/2024%2FINF%2F0123"),
    "comptabilite": ("GET", "/v1/finance/journals?date=2024-12-31"),
}


@dataclass(frozen=True)
class Announcement:
    """`keys` is empty where there is no demo school."""

    url: str
    data: Path
    process: int
    keys: Mapping[str, str]

    def print_json(self) -> None:
        answer = {
            "url": self.url,
            "docs": f"{self.url}/v1/docs",
            "openapi": f"{self.url}/v1/openapi.json",
            "graphql": f"{self.url}/graphql",
            "data": str(self.data),
            "process": self.process,
            "keys": dict(self.keys),
        }
        print(json.dumps(answer, ensure_ascii=False), flush=True)

    def print_text(self) -> None:
        console = Console(highlight=False, soft_wrap=True)
        console.print(f"\n[bold]Skooly[/] answers at [bold]{self.url}[/]\n")
        console.print(_table({"REST": f"{self.url}/v1/docs", "GraphQL": f"{self.url}/graphql", "Data": self.data}))
        if self.keys:
            console.print("\n[bold]Demo keys[/], one per preset\n", _table(self.keys), sep="")
            console.print("\n[bold]People to ask about[/]\n", _people(), sep="")
            console.print("\n[bold]Requests to paste[/]\n")
            for preset in [preset for preset in REQUESTS if preset in self.keys]:
                console.print(self._curl(preset), markup=False)
        else:
            console.print("\nNo school yet: ./skooly schools create, then ./skooly keys issue --help")
        console.print("\nCtrl-C stops everything; the data stays.")

    def _curl(self, preset: str) -> str:
        _, path = REQUESTS[preset]
        return f"curl -s -H 'X-API-KEY: {self.keys[preset]}' '{self.url}{path}'"


def _people() -> Table:
    from app.demo import PERSONAS  # only where there is a demo school

    table = Table("badge", "matricule", "", box=None, padding=(0, 2))
    for persona in PERSONAS:
        table.add_row(persona.badge, persona.matricule, f"{persona.first_name} {persona.last_name}: {persona.en}")
    return table


def _table(rows: Mapping[str, object]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(f"  {name}", str(value))
    return table
