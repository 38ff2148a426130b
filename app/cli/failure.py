"""How a command fails: a sentence that says what to do next, and an exit code that means something.

0    done
1    refused: the message says why
2    the command line is wrong
69   something that is needed does not answer or cannot be installed
75   in use now; the same command may work later
78   the configuration is incomplete
130  interrupted
"""

import json
import os
import sys
from collections.abc import Callable

from app.core.errors import SkoolyError, Unavailable
from app.embedded import DataDirectoryInUse, EmbeddedError
from app.settings import SettingsRefused

INTERRUPTED = 130


class CommandFailed(Exception):
    """A command's own failure; the message ends with what to do next."""

    exit_code = 1


class InstanceMissing(CommandFailed):
    """There is no instance to talk to."""

    exit_code = os.EX_UNAVAILABLE


class InstanceBusy(CommandFailed):
    """The instance is being started or changed by another command."""

    exit_code = os.EX_TEMPFAIL


class PortInUse(CommandFailed):
    """Another program listens on the address."""

    exit_code = os.EX_TEMPFAIL


class DatabaseSilent(CommandFailed):
    """PostgreSQL cannot be reached."""

    exit_code = os.EX_UNAVAILABLE


class ConfigurationWrong(CommandFailed):
    """The database refuses what the configuration says."""

    exit_code = os.EX_CONFIG


class ChildFailed(CommandFailed):
    """The API or the worker ended before it was ready."""

    exit_code = os.EX_UNAVAILABLE


def run_command(command: Callable[[], object]) -> None:
    """Runs `command` and ends the process; an expected failure shows its message, never a traceback."""
    try:
        command()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        from app.cli.database_failure import explain  # heavy, and only a failure needs it

        failure = explain(error)
        if not isinstance(failure, CommandFailed | EmbeddedError | SettingsRefused | SkoolyError):
            raise
        _show(failure)
        sys.exit(_exit_code(failure))


def _exit_code(failure: Exception) -> int:
    if isinstance(failure, CommandFailed):
        return failure.exit_code
    if isinstance(failure, SettingsRefused):
        return os.EX_CONFIG
    if isinstance(failure, DataDirectoryInUse):
        return os.EX_TEMPFAIL
    return os.EX_UNAVAILABLE if isinstance(failure, EmbeddedError | Unavailable) else 1


def _show(failure: Exception) -> None:
    if "--json" in sys.argv:
        answer = {"error": {"code": type(failure).__name__, "message": str(failure)}}
        print(json.dumps(answer, ensure_ascii=False), file=sys.stderr)
    else:
        print(f"skooly: {failure}", file=sys.stderr)
