"""`skooly schema export` and `skooly openapi export`: the generated files that are committed."""

from collections.abc import Callable
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


class FilesStale(CommandFailed):
    """A generated file does not say what the code says."""


@schema.callback()
@openapi.callback()
def _group() -> None:
    """Keeps `export` a command of its own while it is the only one."""


@schema.command("export")
def export_schema(check: Check = False) -> None:
    """Write schema.graphql and the scope of every coordinate."""
    from app.web.generated import schema_files  # heavy: other commands start without it

    _export("schema", schema_files, check)


@openapi.command("export")
def export_openapi(check: Check = False) -> None:
    """Write compat_rest/openapi.json."""
    from app.web.generated import openapi_files

    _export("openapi", openapi_files, check)


def _export(name: str, make: "Callable[[ApiSchema], dict[Path, bytes]]", check: bool) -> None:
    from app.api.catalogue import SchemaRefused
    from app.api.slices import skooly_schema
    from app.web.generated import stale, write
    from compat_rest.mistakes import BrokenDocuments

    try:
        files = make(skooly_schema())
    except (SchemaRefused, BrokenDocuments) as mistakes:
        raise CommandFailed(str(mistakes)) from None
    if not check:
        write(files)
    elif old := stale(files):
        names = ", ".join(str(path.name) for path in old)
        raise FilesStale(f"not current: {names}. Run ./skooly {name} export and review the difference.")
    say(f"{', '.join(path.name for path in files)}: {'current' if check else 'written'}")
