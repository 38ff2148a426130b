"""What `up` prints once everything answers: where, with which keys, and requests to paste."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

READS = {
    "cantine": "/v1/students/badge/12345",
    "bibliotheque": "/v1/students/2024%2FINF%2F0123",
    "scolarite": "/v1/financial/status/2024%2FINF%2F0123",
    "comptabilite": "/v1/finance/journals?date=2024-12-31",
    "tourniquet": "/v1/access-control/check?nfc=12345&zone=RESTAURANT",
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
            self._print_demo(console)
        else:
            console.print("\nNo demo school here: ./skooly schools create, then ./skooly keys issue --help")
        console.print("\nCtrl-C stops everything; the data stays.")

    def _print_demo(self, console: Console) -> None:
        console.print("\n[bold]Demo keys[/], one per preset\n", _table(self.keys), sep="")
        console.print("\n[bold]People to ask about[/]\n", _people(), sep="")
        console.print("\n[bold]Requests to paste[/]\n")
        for request in requests(self.url, self.keys):
            console.print(request, markup=False)


def requests(url: str, keys: Mapping[str, str]) -> Iterator[str]:
    """Command lines for a shell, each with the key of the preset that may send it."""
    for preset, path in READS.items():
        yield f"curl -s -H 'X-API-KEY: {keys[preset]}' '{url}{path}'"
    today = datetime.now(UTC).date().isoformat()
    absence = {"matricule": "2024/INF/0123", "startsAt": f"{today}T08:00:00Z", "endsAt": f"{today}T12:00:00Z"}
    headers = f"-H 'X-API-KEY: {keys['absences']}' -H 'Idempotency-Key: absence-{today}'"
    yield f"curl -s {headers} -H 'Content-Type: application/json' -d '{json.dumps(absence)}' '{url}/v1/absences'"


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
