"""What `skooly webhooks` prints: rows for tables and JSON, and secrets once."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.cli.steps import say
from app.cli.tables import print_table
from app.domains.webhooks.records import DeliveryRecord, EndpointRecord


def endpoint_row(record: EndpointRecord) -> dict[str, Any]:
    return {
        "id": str(record.id),
        "url": record.url,
        "status": record.status,
        "disabled_reason": record.disabled_reason,
        "topics": list(record.topics),
        "filter": dict(record.filter),
        "payload": record.payload,
        "breaker": record.breaker,
        "last_success_at": moment(record.last_success_at),
    }


def delivery_row(record: DeliveryRecord) -> dict[str, Any]:
    return {
        "id": str(record.key),
        "endpoint_id": str(record.key.endpoint_id),
        "topic": record.topic,
        "state": record.state,
        "attempts": record.attempts,
        "occurred_at": moment(record.occurred_at),
    }


def print_rows(name: str, columns: Sequence[str], rows: list[dict[str, Any]], as_json: bool, empty: str) -> None:
    if as_json:
        print(json.dumps({name: rows}, ensure_ascii=False))
    elif rows:
        print_table(columns, rows)
    else:
        say(empty)


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
