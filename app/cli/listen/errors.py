"""How listening ends before somebody stops it."""

import os

from app.cli.failure import CommandFailed


class ApiSilent(CommandFailed):
    """Nothing answers at the address of the API."""

    exit_code = os.EX_UNAVAILABLE


class ApiRefused(CommandFailed):
    """The API does not give its events to this key, or not like this."""


class LogMoved(CommandFailed):
    """The log does not go on from where this listener stopped."""
