"""`skooly schema export | lint`, `openapi export` and `asyncapi export`: committed files that follow from the code."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.failure import CommandFailed
from app.cli.steps import say

if TYPE_CHECKING:
    from app.api.schema import ApiSchema

Check = Annotated[bool, typer.Option("--check", help="Write nothing; fail when a file is not current.")]

schema = typer.Typer(help="The GraphQL schema and its scopes.", no_args_is_help=True)
openapi = typer.Typer(help="The contract of /v1.", no_args_is_help=True)
asyncapi = typer.Typer(help="The contract of webhooks.", no_args_is_help=True)


class FilesStale(CommandFailed):
    """A generated file does not say what the code says."""


class SchemaUnconventional(CommandFailed):
    """The schema does not keep the house's conventions."""


class ContractBroken(CommandFailed):
    """The new contract of /v1, or of webhooks, would break those who keep to the committed one."""


@asyncapi.callback()
@openapi.callback()
def _group() -> None:
    """Keeps `export` a command of its own while it is the only one."""


@schema.command("export")
def export_schema(check: Check = False) -> None:
    """Write schema.graphql and the scope of every coordinate. Refuses what `schema lint` refuses."""
    from app.web.generated import schema_files  # heavy: other commands start without it

    if not check:
        refuse_unconventional()
    _export("schema", schema_files, check)


@schema.command("lint")
def lint_schema() -> None:
    """Check names, descriptions, examples, connections, mutations and deprecations against the conventions."""
    refuse_unconventional()
    say("schema: as the conventions want it")


def refuse_unconventional() -> None:
    """Raises SchemaUnconventional, with every fault and its remedy."""
    from app.api.lint import lint

    if faults := lint(_schema().graphql):
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise SchemaUnconventional(f"The schema leaves the conventions (app/api/lint):\n{listed}")


@openapi.command("export")
def export_openapi(
    check: Check = False,
    breaking: Annotated[
        bool, typer.Option("--breaking", help="Write it although clients would break. Say why in docs/adr.")
    ] = False,
) -> None:
    """Write compat_rest/openapi.json. Refuses what would break a client of the committed contract."""
    from app.web.generated import openapi_files

    _export("openapi", openapi_files, check, refuse=None if breaking else refuse_breaking_changes)


def refuse_breaking_changes(files: Mapping[Path, bytes]) -> None:
    """Raises ContractBroken, with every change that would break a client of the file on disk."""
    from compat_rest.compatibility import breaking_changes

    _refuse(files, breaking_changes, "clients:", "Keep the old form, or see --breaking.")


def _refuse(
    files: Mapping[Path, bytes], compare: Callable[[bytes, bytes], Sequence[object]], whom: str, remedy: str
) -> None:
    for path, text in files.items():
        if path.exists() and (changes := compare(path.read_bytes(), text)):
            listed = "\n".join(f"  {change}" for change in changes)
            raise ContractBroken(f"{path.name} would break {whom}\n{listed}\n{remedy}")


@asyncapi.command("export")
def export_asyncapi(
    check: Check = False,
    breaking: Annotated[
        bool, typer.Option("--breaking", help="Write it although receivers would break. Say why in docs/adr.")
    ] = False,
) -> None:
    """Write app/web/asyncapi/asyncapi.json. Refuses what would break a receiver without a new version of its topic."""
    from app.web.generated import asyncapi_files

    files = asyncapi_files()
    if not check and not breaking:
        refuse_breaking_messages(files)
    _settle("asyncapi", files, check)


def refuse_breaking_messages(files: Mapping[Path, bytes]) -> None:
    """Raises ContractBroken, with every change that would break a receiver of what the file on disk describes."""
    from app.web.asyncapi.compatibility import breaking_changes

    _refuse(
        files, breaking_changes, "receivers:", "Raise the `version` of the topic in the catalogue, or see --breaking."
    )


def _export(
    name: str,
    make: "Callable[[ApiSchema], dict[Path, bytes]]",
    check: bool,
    refuse: Callable[[Mapping[Path, bytes]], None] | None = None,
) -> None:
    from compat_rest.mistakes import BrokenDocuments

    try:
        files = make(_schema())
    except BrokenDocuments as mistakes:
        raise CommandFailed(str(mistakes)) from None
    if refuse and not check:
        refuse(files)
    _settle(name, files, check)


def _settle(name: str, files: dict[Path, bytes], check: bool) -> None:
    """Writes the files, or raises FilesStale where one is not current."""
    from app.web.generated import stale, write

    if not check:
        write(files)
    elif old := stale(files):
        names = ", ".join(str(path.name) for path in old)
        raise FilesStale(f"not current: {names}. Run ./skooly {name} export and review the difference.")
    say(f"{', '.join(path.name for path in files)}: {'current' if check else 'written'}")


def _schema() -> "ApiSchema":
    from app.api.catalogue import SchemaRefused
    from app.api.slices import skooly_schema

    try:
        return skooly_schema()
    except SchemaRefused as mistakes:
        raise CommandFailed(str(mistakes)) from None
