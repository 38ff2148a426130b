"""`skooly import`: a school's CSV files, whole or not at all.

Exit codes: 0 imported (or nothing to change), 1 the file has errors and nothing was imported, 2 the command line is
wrong, 69 and 75 as everywhere.
"""

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app.cli.chosen_school import SchoolOption, choose_school
from app.cli.failure import CommandFailed
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.ringing import open_database
from app.cli.steps import console
from app.cli.tables import print_table
from app.core.clock import SystemClock
from app.core.importing import Kind, Options, Outcome, Phase, School, import_file
from app.core.staging import ImportRunning, SchoolChanged
from app.core.tabular import FileRefused, Problem, Problems
from app.domains.events.service import announce_log
from app.domains.finance.imports import Invoices, Journals, Payments
from app.domains.students.imports import Badges, Students
from app.settings import Settings

REFUSED = 1
PHASES: Mapping[Phase, str] = {"reading": "Lecture", "checking": "Contrôle", "applying": "Enregistrement"}
MADE = {
    "programmes": ("programme(s) créé(s)", "programme(s) made"),
    "classes": ("classe(s) créée(s)", "class(es) made"),
    "school_years": ("année(s) scolaire(s) créée(s)", "school year(s) made"),
    "journals": ("journal(aux) créé(s)", "journal(s) made"),
    "fiscal_years": ("exercice(s) créé(s)", "fiscal year(s) made"),
}
WORDS = {
    "fr": ("ligne", "colonne", "erreur"),
    "en": ("line", "column", "error"),
}

imports = typer.Typer(
    help="CSV files of a school: students, badges, invoices, payments, journals.", no_args_is_help=True
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE.csv", help="CSV as Excel writes it. See docs/import.md.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")]
SeparatorOption = Annotated[
    str | None, typer.Option("--separator", help="; , | or tab. Found out when left out.", show_default=False)
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="utf-8, cp1252, utf-16 … Found out when left out.", show_default=False)
]
LanguageOption = Annotated[Literal["fr", "en"], typer.Option("--language", help="Of the errors.")]


class SchoolBusy(CommandFailed):
    """Somebody else is changing what the import would change."""

    exit_code = os.EX_TEMPFAIL


@dataclass(frozen=True)
class Answer:
    """What an import says. Without `outcome` the file itself was refused."""

    kind: str
    school: str
    language: Literal["fr", "en"]
    dry_run: bool
    problems: Problems
    outcome: Outcome | None = None

    def print_json(self) -> None:
        about: dict[str, Any] = {"kind": self.kind, "school": self.school, "dry_run": self.dry_run}
        if self.outcome:
            about |= {name: getattr(self.outcome, name) for name in ("rows", "encoding", "separator")}
        if self.outcome and self.outcome.applied:
            about |= asdict(self.outcome.applied)
        if self.problems:
            about |= {
                "error_count": self.problems.count,
                "errors": [problem.as_dict(self.language) for problem in self.problems.first],
            }
        print(json.dumps(about, ensure_ascii=False))

    def print_text(self) -> None:
        if self.problems:
            columns = WORDS[self.language]
            print_table(
                columns, [dict(zip(columns, self._cells(problem), strict=True)) for problem in self.problems.first]
            )
            console.print(self._refusal(), markup=False, soft_wrap=True)
        elif self.outcome and self.outcome.applied:
            applied = self.outcome.applied
            french = self.language == "fr"
            names = ("nouveaux", "modifiés", "inchangés") if french else ("new", "changed", "unchanged")
            counts = zip((applied.new, applied.changed, applied.unchanged), names, strict=True)
            made = [f"{count} {MADE[what][not french]}" for what, count in applied.made.items()]
            print(", ".join([*(f"{count} {name}" for count, name in counts), *made]))
            if self.dry_run:
                said = "Essai : rien n'a été enregistré." if french else "Dry run: nothing was kept."
                console.print(said)

    def _cells(self, problem: Problem) -> tuple[object, object, object]:
        return problem.line, problem.column, problem.error.message(self.language)

    def _refusal(self) -> str:
        hidden = self.problems.count - len(self.problems.first)
        if self.language == "fr":
            more = f" (les {len(self.problems.first)} premières sont montrées)" if hidden else ""
            return f"{self.problems.count} erreur(s){more}. Rien n'a été importé : corrigez le fichier et recommencez."
        more = f" (the first {len(self.problems.first)} are shown)" if hidden else ""
        return f"{self.problems.count} error(s){more}. Nothing was imported: correct the file and start again."


def _command(make: Callable[[], Kind], summary: str) -> None:
    """Registers `skooly import <kind>`."""
    name = make().name

    def run(
        file: FileArgument,
        school: SchoolOption = None,
        dry_run: DryRunOption = False,
        separator: SeparatorOption = None,
        encoding: EncodingOption = None,
        language: LanguageOption = "fr",
        data: DataOption = None,
        as_json: JsonOption = False,
    ) -> None:
        options = Options(encoding, separator, dry_run)
        with open_instance(data) as settings, _shown_progress(quiet=as_json) as tell:
            answer = asyncio.run(_import(make(), file, settings, school, options, language, tell))
        if as_json:
            answer.print_json()
        else:
            answer.print_text()
        if answer.problems:
            raise typer.Exit(REFUSED)

    run.__doc__ = summary
    imports.command(name=name)(run)


async def _import(
    kind: Kind,
    file: Path,
    settings: Settings,
    school_code: str | None,
    options: Options,
    language: Literal["fr", "en"],
    tell: Callable[[Phase, int, int], None],
) -> Answer:
    async with open_database(settings, pool_size=2) as database:
        row = await choose_school(database, school_code)
        school = School(row.id, row.code, row.timezone, row.currency)
        try:
            outcome = await import_file(
                kind, file, database=database, school=school, clock=SystemClock(), options=options, progress=tell
            )
        except FileRefused as refusal:
            problems = Problems()
            problems.add(None, None, refusal)
            return Answer(kind.name, row.code, language, options.dry_run, problems)
        except (ImportRunning, SchoolChanged) as busy:
            raise SchoolBusy(busy.message(language)) from busy
        if outcome.applied and outcome.applied.events and not options.dry_run:
            await announce_log(database, row.id)
    return Answer(kind.name, row.code, language, options.dry_run, outcome.problems, outcome)


@contextmanager
def _shown_progress(*, quiet: bool) -> Iterator[Callable[[Phase, int, int], None]]:
    """A bar on standard error while somebody watches: bytes while reading, then the checks, then the writing."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        current: list[Phase] = []

        def tell(phase: Phase, done: int, total: int) -> None:
            if current != [phase]:
                current[:] = [phase]
                progress.reset(task, description=PHASES[phase])
            # The writing is one transaction: it lasts, and nobody can say how far it is.
            progress.update(task, completed=done, total=None if phase == "applying" and not done else total)

        yield tell


_command(Students, "Students, and what they study: known by their matricule.")
_command(Badges, "Who carries which badge; one given to someone else is revoked first.")
_command(Invoices, "Invoices, one line per instalment: known by their number.")
_command(Payments, "Payments, and what they settle: known by provider and reference.")
_command(Journals, "Journal entries, FEC titles understood: known by journal, fiscal year and number.")
