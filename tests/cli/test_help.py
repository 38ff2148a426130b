"""What `--help` says, of every command: something, and what was written."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from rich.emoji import Emoji

from app.cli.data_directory import CHECKOUT
from app.cli.main import cli


def commands() -> Iterator[tuple[str, Any]]:
    waiting: list[tuple[str, Any]] = [("./skooly", typer.main.get_command(cli))]
    while waiting:
        path, command = waiting.pop()
        yield path, command
        waiting.extend((f"{path} {name}", each) for name, each in getattr(command, "commands", {}).items())


COMMANDS = dict(commands())
ABOUT_WEBHOOKS = [path for path in COMMANDS if path.startswith("./skooly webhooks ")]


def shown(command: Any) -> list[Any]:
    """The options and arguments that are not only for our own processes."""
    return [each for each in command.params if not getattr(each, "hidden", False)]


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_every_option_says_what_it_is_for(path: str) -> None:
    command = COMMANDS[path]
    assert command.help, path
    assert [each.name for each in shown(command) if not each.help] == []


@pytest.mark.parametrize("path", COMMANDS)
def test_a_help_text_holds_nothing_that_a_terminal_shows_as_a_picture(path: str) -> None:
    """`POSITION:LINK:` would be printed as a chain."""
    command = COMMANDS[path]
    for text in (command.help, *(each.help for each in shown(command))):
        assert Emoji.replace(text) == text


@pytest.mark.parametrize("path", ABOUT_WEBHOOKS)
def test_operators_read_an_example_of_every_command_about_webhooks(path: str) -> None:
    guide = (CHECKOUT / "docs" / "operators.md").read_text()
    assert re.search(rf"{re.escape(path)}\b", guide)


@pytest.mark.parametrize("path", ABOUT_WEBHOOKS)
def test_a_moment_says_whose_time_it_is_in(path: str) -> None:
    moments = [each for each in shown(COMMANDS[path]) if each.name in ("since", "until")]
    assert [each.name for each in moments if "school's time zone" not in each.help] == []
