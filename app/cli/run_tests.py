"""`skooly test`: the suite against a real PostgreSQL and a real Valkey."""

import os
import sys

import typer

from app.cli.data_directory import CHECKOUT

PARALLEL = ["-n", "auto", "--dist", "worksteal"]


def run_tests(context: typer.Context) -> None:
    """Run the tests in parallel. Everything after `test` goes to pytest."""
    chosen = any(argument.startswith(("-n", "--numprocesses")) for argument in context.args)
    arguments = [*([] if chosen else PARALLEL), *context.args]
    os.chdir(CHECKOUT)
    # The settings of an instance are not those of the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SKOOLY_")}
    os.execve(sys.executable, [sys.executable, "-m", "pytest", *arguments], environment)
