"""What `up` prints once everything answers: where, with which keys, and requests to paste."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from app.cli.data_directory import DEFAULT
from app.domains.partners.presets import PLATFORM, PRESETS

READS = {
    "cantine": ("Who carries badge 12345", "/v1/students/badge/12345"),
    "bibliotheque": ("A student by matricule; its slashes are %2F", "/v1/students/2024%2FINF%2F0123"),
    "scolarite": ("Green or red: is tuition paid", "/v1/financial/status/2024%2FINF%2F0123"),
    "comptabilite": ("The journal entries of a day", "/v1/finance/journals?date=2024-12-31"),
    "tourniquet": (
        "May badge 12345 eat: not with an empty wallet",
        "/v1/access-control/check?nfc=12345&zone=RESTAURANT",
    ),
}
FIRST_STUDENTS = "{ students(first: 3) { nodes { matricule lastName } } }"


class Request(NamedTuple):
    """`command` is a line for a shell."""

    what: str
    command: str


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
        console.print(_table(self._places()))
        if self.keys:
            self._print_demo(console)
        else:
            where = "" if self.data == DEFAULT else f" --data {shlex.quote(str(self.data))}"
            create = f"./skooly schools create CODE --name … --timezone … --currency …{where}"
            console.print(f"\nNo demo school here. Open one of yours: {create}", markup=False)
        console.print("\nCtrl-C stops everything; the data stays.")

    def _places(self) -> dict[str, object]:
        return {
            "REST, in a browser": f"{self.url}/v1/docs",
            "GraphQL, in a browser": f"{self.url}/graphql",
            "Data and logs": self.data,
        }

    def _print_demo(self, console: Console) -> None:
        console.print("\n[bold]People to ask about[/]\n", _people(), sep="")
        console.print("\n[bold]Requests to paste[/]\n")
        for request in requests(self.url, self.keys):
            console.print(f"[dim]# {request.what}[/]")
            console.print(request.command, markup=False)
        console.print("\n[bold]Demo keys[/], one per preset, and what each opens\n")
        console.print(_table(key_uses(self.keys)))
        console.print("\nPaste these lines, and the examples of README.md and docs/ run as they are\n")
        for name, value in {"url": self.url, **self.keys}.items():
            console.print(f"export {name.upper()}={value}", markup=False)


def requests(url: str, keys: Mapping[str, str]) -> Iterator[Request]:
    """One for each preset, with its key."""
    for preset, (what, path) in READS.items():
        yield Request(what, f"curl -s -H 'X-API-KEY: {keys[preset]}' '{url}{path}'")
    today = datetime.now(UTC).date().isoformat()
    absence = {"matricule": "2024/INF/0123", "startsAt": f"{today}T08:00:00Z", "endsAt": f"{today}T12:00:00Z"}
    once = f"-H 'Idempotency-Key: absence-{today}'"
    yield Request("An absence; sent again, it stays one", _post(f"{url}/v1/absences", keys["absences"], absence, once))
    yield Request("GraphQL", _post(f"{url}/graphql", keys["core"], {"query": FIRST_STUDENTS}))


def key_uses(keys: Mapping[str, str]) -> dict[str, str]:
    """By the name of the shell's variable, what the key is for; not of one that an older version made."""
    presets = {**PRESETS, PLATFORM.name: PLATFORM}
    return {name.upper(): presets[name].en for name in keys if name in presets}


def _post(url: str, key: str, body: Mapping[str, str], *headers: str) -> str:
    parts = ["curl -s", f"-H 'X-API-KEY: {key}'", *headers, "-H 'Content-Type: application/json'"]
    return " ".join([*parts, f"-d '{json.dumps(body)}'", f"'{url}'"])


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
