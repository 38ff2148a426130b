"""The list of commands."""

import typer

from app.cli.accounts import accounts
from app.cli.audit import audit
from app.cli.doctor.command import doctor
from app.cli.events import events
from app.cli.export import asyncapi, openapi, schema
from app.cli.failure import run_command
from app.cli.imports import imports
from app.cli.keys import keys
from app.cli.listen import listen
from app.cli.migrate import bootstrap, migrate
from app.cli.partners import partners
from app.cli.release import check_schema, release
from app.cli.run_tests import run_tests
from app.cli.schools import schools
from app.cli.secrets import secrets
from app.cli.serve import serve
from app.cli.up import up
from app.cli.webhooks import webhooks
from app.cli.worker import worker
from app.cli.zones import zones

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

cli = typer.Typer(
    name="skooly",
    help="The Skooly integration platform: a school's data for turnstiles, libraries, accounting and partners.",
    epilog="Begin with: ./skooly up",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(up)
cli.command(name="test", context_settings=PASS_ON)(run_tests)
cli.command()(serve)
cli.command()(worker)
cli.command()(migrate)
cli.command()(bootstrap)
cli.command()(secrets)
cli.add_typer(schools, name="schools")
cli.add_typer(partners, name="partners")
cli.add_typer(keys, name="keys")
cli.add_typer(zones, name="zones")
webhooks.command("listen")(listen)
cli.add_typer(webhooks, name="webhooks")
cli.add_typer(events, name="events")
cli.add_typer(audit, name="audit")
cli.add_typer(accounts, name="accounts")
cli.add_typer(imports, name="import")
schema.command("check")(check_schema)
cli.add_typer(schema, name="schema")
cli.add_typer(openapi, name="openapi")
cli.add_typer(asyncapi, name="asyncapi")
cli.command()(release)
cli.command()(doctor)


def main() -> None:
    run_command(lambda: cli(prog_name="./skooly"))
