"""The command: finds the instance without starting or changing anything, and tells what it sees."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import typer
from rich.console import Console

from app.cli.data_directory import DataDirectory
from app.cli.demo_keys import kept_demo_keys
from app.cli.doctor.findings import Finding, State, bad, good
from app.cli.doctor.machine import machine
from app.cli.instance import DataOption, JsonOption
from app.settings import Settings, SettingsRefused, load_settings

MARKS = {State.GOOD: "[green]✓[/]", State.WARNING: "[yellow]![/]", State.BAD: "[red]✗[/]"}


@dataclass(frozen=True)
class Patient:
    """`settings` is None where there is nothing to ask; `findings` say why. `kept` are an embedded one's demo keys."""

    settings: Settings | None
    where: Path
    findings: list[Finding] = field(default_factory=list)
    kept: Mapping[str, str] = field(default_factory=dict)


def doctor(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Look at everything an instance needs and say what to do. Changes nothing; fails when something is bad."""
    patient = find_patient(data)
    findings = asyncio.run(_examined(patient))
    healthy = all(finding.state is not State.BAD for finding in findings)
    if as_json:
        print(json.dumps({"healthy": healthy, "findings": [asdict(each) for each in findings]}, ensure_ascii=False))
    else:
        _print(findings, healthy=healthy)
    if not healthy:
        raise typer.Exit(1)


def find_patient(data: Path | None) -> Patient:
    """As every command finds its instance (`app.cli.instance`), but an instance at rest is left alone."""
    if data is None and "SKOOLY_DATABASE_URL" in os.environ:
        return _configured(Path(tempfile.gettempdir()))
    directory = DataDirectory(data)
    runtime = directory.read_runtime()
    if runtime is None:
        state = "is being started" if directory.in_use else "is at rest" if directory.exists else "is not there"
        missing = bad(
            "instance", f"{directory.root} {state}", "Start it with ./skooly up, or name another with --data."
        )
        return Patient(None, directory.root, [missing])
    settings = directory.settings(runtime.database_url, runtime.redis_url, public_url=runtime.public_url)
    found = [good("instance", f"{directory.root}, process {runtime.process}")]
    return Patient(settings, directory.root, found, kept_demo_keys(directory))


def _configured(where: Path) -> Patient:
    try:
        return Patient(load_settings(), where, [good("settings", "complete")])
    except SettingsRefused as refusal:
        lines = (str(fault).partition("\n    ") for fault in refusal.faults)
        return Patient(None, where, [bad("settings", said, advice or "Correct it.") for said, _, advice in lines])


async def _examined(patient: Patient) -> list[Finding]:
    return [*machine(patient.where), *patient.findings, *[each async for each in _asked(patient)]]


async def _asked(patient: Patient) -> AsyncIterator[Finding]:
    if patient.settings is None:
        return
    from app.cli.doctor.postgres import postgres  # heavy, and not needed where there is nobody to ask
    from app.cli.doctor.service import demo_keys, service
    from app.cli.doctor.valkey import valkey

    reachable = True
    async for finding in postgres(patient.settings):
        reachable = reachable and (
            finding.state is not State.BAD or finding.check not in ("PostgreSQL", "roles and walls")
        )
        yield finding
    async for finding in valkey(patient.settings):
        yield finding
    async for finding in service(patient.settings):
        yield finding
    if reachable:
        yield await demo_keys(patient.settings, patient.kept)


def _print(findings: Iterable[Finding], *, healthy: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(f"{MARKS[finding.state]} [bold]{finding.check:<20}[/] ", end="")
        console.print(finding.said, markup=False)
        if finding.advice:
            console.print(f"  {'':<20} → {finding.advice}", markup=False, style="dim")
    console.print("\n[green]All is well.[/]" if healthy else "\n[red]Something needs you: see the lines marked ✗.[/]")
