"""What `skooly webhooks` prints: rows for tables and JSON, and secrets once."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.cli.steps import say
from app.cli.tables import print_table
from app.domains.webhooks.explanations import explain
from app.domains.webhooks.records import AttemptRecord, DeliveryRecord, EndpointRecord

Attempted = tuple[DeliveryRecord, Sequence[AttemptRecord]]
"""A delivery and its attempts, in their order."""
DELIVERY = ("id", "topic", "state", "attempts", "last", "next_attempt_at", "occurred_at")
ATTEMPT = ("number", "ended_at", "outcome", "status", "error", "milliseconds", "response")
LINE = 80
"""Characters of a response that a table shows."""


def endpoint_row(record: EndpointRecord) -> dict[str, Any]:
    return {
        "id": str(record.id),
        "partner": record.partner,
        "url": record.url,
        "status": record.status,
        "disabled_reason": record.disabled_reason,
        "topics": list(record.topics),
        "filter": [{"fact": fact, "equals": value} for fact, value in sorted(record.filter.items())],
        "payload": record.payload,
        "breaker": record.breaker,
        "last_success_at": moment(record.last_success_at),
    }


def delivery_row(shown: Attempted) -> dict[str, Any]:
    record, attempts = shown
    last = attempt_row(attempts[-1]) if attempts else None
    return {
        "id": str(record.key),
        "endpoint_id": str(record.key.endpoint_id),
        "topic": record.topic,
        "state": record.state,
        "attempts": record.attempts,
        "last_attempt": last and {name: last[name] for name in ("ended_at", "outcome", "status", "error")},
        "next_attempt_at": moment(record.due_at),
        "occurred_at": moment(record.occurred_at),
    }


def attempt_row(record: AttemptRecord) -> dict[str, Any]:
    return {
        "number": record.number,
        "ended_at": moment(record.at),
        "outcome": record.outcome,
        "status": record.status,
        "error": record.error,
        "milliseconds": record.latency_ms,
        "response": record.response,
    }


def print_rows(name: str, columns: Sequence[str], rows: list[dict[str, Any]], as_json: bool, empty: str) -> None:
    if as_json:
        print(json.dumps({name: rows}, ensure_ascii=False))
    elif rows:
        print_table(columns, rows)
    else:
        say(empty)


def print_deliveries(found: Sequence[Attempted], as_json: bool) -> None:
    rows = [delivery_row(each) for each in found]
    if not as_json:
        rows = [_with_last(row) for row in rows]
    print_rows("deliveries", DELIVERY, rows, as_json, "No delivery is like this.")
    if rows and not as_json:
        say("./skooly webhooks delivery ID shows the attempts of one, ./skooly webhooks replay ID sends it again.")


def print_delivery(found: Attempted, as_json: bool) -> None:
    """With a sentence on how the last attempt failed, for people."""
    row, attempts = delivery_row(found), [attempt_row(each) for each in found[1]]
    if as_json:
        print(json.dumps({"delivery": row, "attempts": attempts}, ensure_ascii=False))
        return
    print_table(DELIVERY, [_with_last(row)])
    print()
    if not attempts:
        say("No attempt has ended yet.")
        return
    print_table(
        ATTEMPT, [{**each, "error": _line(each["error"]), "response": _line(each["response"])} for each in attempts]
    )
    say(explain(attempts[-1]["outcome"], "en"))


def print_secret(secret: str, facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"secret": secret, **facts}, ensure_ascii=False))
    else:
        print(secret)
        say(f"The secret of {facts['id']}. It is shown once: keep it now.")


def print_queued(count: int, as_json: bool) -> None:
    print(json.dumps({"queued": count}) if as_json else f"{count} queued")


def moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _with_last(row: dict[str, Any]) -> dict[str, Any]:
    """With what the last attempt came to, in a word or two: `timeout`, `http_status 500`."""
    last = row["last_attempt"]
    return {**row, "last": last and " ".join(str(each) for each in (last["outcome"], last["status"]) if each)}


def _line(said: str | None) -> str | None:
    """The beginning of what a stranger's server said, without what a terminal would obey."""
    if said is None:
        return None
    line = " ".join("".join(each if each.isprintable() else " " for each in said).split())
    return line if len(line) <= LINE else f"{line[:LINE]}…"
