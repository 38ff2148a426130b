"""What a listener shows: a line for each attempt, for people or for programs."""

import json
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from app.cli.listen.forwarding import Attempt
from app.cli.listen.reading import Reader
from app.cli.steps import say
from app.domains.webhooks.explanations import explain

TOPIC_WIDTH = 24
ABOUT_WIDTH = 18


class Lines:
    """One JSON object a line."""

    def begun(self, reader: Reader, forward_to: str, secret: str) -> None:
        self._print({"forward_to": forward_to, "school": reader.school, "partner": reader.partner, "secret": secret})

    def attempted(self, attempt: Attempt, cursor: str) -> None:
        outcome = attempt.outcome
        self._print(
            {
                "webhook_id": attempt.webhook_id,
                "topic": attempt.event["topic"],
                "subject": attempt.event["subject"],
                "attempt": attempt.number,
                "outcome": outcome.kind.value,
                "status": outcome.status,
                "milliseconds": outcome.latency_ms,
                "again_in": attempt.again_in,
                "cursor": cursor,
            }
        )

    def waiting(self, reason: str) -> None:
        self._print({"waiting": reason})

    def _print(self, line: dict[str, Any]) -> None:
        print(json.dumps(line, ensure_ascii=False), flush=True)


class Words:
    """A line that is read as it scrolls by: when, what, about whom, what came back and how fast."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def begun(self, reader: Reader, forward_to: str, secret: str) -> None:
        say(f"What {reader.partner} may know of {reader.school} goes to {forward_to}, signed with")
        self._console.print(Text(secret))
        say("Ctrl-C stops; the next start goes on from there.")

    def attempted(self, attempt: Attempt, cursor: str) -> None:
        line = Text(f"{datetime.now().astimezone():%H:%M:%S}  ", style="dim")
        line.append(f"{attempt.event['topic']:<{TOPIC_WIDTH}} {attempt.about:<{ABOUT_WIDTH}} ", style="not dim")
        line.append(*_result(attempt))
        self._console.print(line)

    def waiting(self, reason: str) -> None:
        say(f"Skooly does not answer ({reason}): trying again until it does.")


def _result(attempt: Attempt) -> tuple[str, str]:
    """Words and their style."""
    outcome = attempt.outcome
    said = f"{outcome.status or outcome.kind.value}  {outcome.latency_ms} ms"
    if outcome.ok:
        return said, "green not dim"
    explained = f"{said}  {explain(outcome.kind, 'en')}"
    if attempt.again_in is None:
        return f"{explained} Given up after {attempt.number} attempts.", "red not dim"
    return f"{explained} Again in {attempt.again_in:g} s.", "yellow not dim"
