"""At least one row of a school in every table and every partition, written as the production role.

Values are made up from the types and foreign keys of the columns; `SPECIAL` helps where a CHECK or a trigger asks for
more. A new table that needs help fails here until it gets it: no table escapes the walk.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from app.core.database import Database, Wall
from tests.walls.catalogue import Reference, Walled

Row = dict[str, Any]

BY_TYPE: dict[str, Callable[[], Any]] = {
    "uuid": lambda: str(uuid4()),
    "text": lambda: uuid4().hex,
    "integer": lambda: 1,
    "smallint": lambda: 1,
    "bigint": lambda: 1,
    "boolean": lambda: False,
    "date": lambda: "2025-01-13",
    "timestamp with time zone": lambda: "2025-01-13T09:00:00Z",
    "time without time zone": lambda: "08:00",
    "bytea": lambda: "\\x00",
    "jsonb": lambda: {},
    "text[]": lambda: [],
    "uuid[]": lambda: [],
    "bytea[]": lambda: [],
}
DEBIT = {"line_no": 1, "debit": 5, "credit": 0}
CREDIT = {"line_no": 2, "debit": 0, "credit": 5}
SPECIAL: dict[str, list[Row]] = {
    "school_year": [{"ends_on": "2025-06-30"}],
    "fiscal_year": [{"ends_on": "2025-12-31"}],
    "zone_window": [{"closes_at": "09:00"}],
    "absence": [{"ends_at": "2025-01-13T10:00:00Z"}],
    "payment": [{"provider": "cash", "currency": "XOF", "amount": 2}],
    "instalment": [{"amount": 2}],
    "invoice": [{"currency": "XOF"}],
    "wallet_entry": [{"kind": "correction", "reason": "Erreur"}],
    "fee_schedule": [{"kind": "tuition"}],
    "document_series": [{"kind": "invoice"}],
    "refund": [{"provider": "cash"}],
    "passage": [{"direction": "in"}],
    "audit_entry": [{"channel": "rest"}],
    "journal_line": [DEBIT, CREDIT],
    "account_use": [{"use": "receivable"}],
    "journal_use": [{"use": "sales"}],
    "endpoint": [{"start_position": 0}],
}
# `create_school` has made these, and a trigger those of an endpoint.
MADE_ALREADY = {"school", "school_log", "log_epoch", "fan_out", "endpoint_state"}
# What the application may not write, and who does.
OTHER_WRITERS = {
    "key_use": Wall.auth(),
    "key_scope_use": Wall.auth(),
    "attempt": Wall.worker(),
    **{name: Wall.worker() for name in ("audit_seal", "audit_subject", "audit_salt", "audit_chain")},
}


@dataclass
class Inhabited:
    """A school with its rows, by table."""

    id: UUID
    rows: dict[str, list[Row]] = field(default_factory=dict)


async def inhabit(database: Database, tables: list[Walled], school_id: UUID) -> Inhabited:
    school = Inhabited(school_id, {"school": [_school(school_id)]})
    async with database.raw(Wall.app(school_id)) as connection:
        for table in tables:
            if table.name not in MADE_ALREADY | OTHER_WRITERS.keys():
                await _insert(connection, table, school)
    for table in tables:
        if table.name in OTHER_WRITERS:
            async with database.raw(OTHER_WRITERS[table.name]) as connection:
                await _insert(connection, table, school)
    return school


def _school(school_id: UUID) -> Row:
    """As another row of the same school would look."""
    return {"id": str(school_id), "code": "X", "name": "X", "timezone": "UTC", "currency": "XOF"}


async def _insert(connection: asyncpg.Connection, table: Walled, school: Inhabited) -> None:
    rows = [_row(table, school, extra) for extra in _extras(table)]
    await connection.execute(insertion(table.name, rows), json.dumps(rows))
    school.rows[table.name] = rows


def insertion(name: str, rows: list[Row]) -> str:
    """The statement that inserts `rows`, given as JSON, in one go."""
    columns = ", ".join(f'"{column}"' for column in rows[0])
    return f'INSERT INTO "{name}" ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::"{name}", $1::jsonb)'


def _extras(table: Walled) -> list[Row]:
    """What each row is given beyond made-up values: one row per partition where there are any."""
    special = SPECIAL.get(table.name, [{}])
    if table.partitioned_by is None:
        return special
    return [{**extra, table.partitioned_by: part.first_key} for part in table.partitions for extra in special]


def _row(table: Walled, school: Inhabited, extra: Row) -> Row:
    row: Row = {column.name: BY_TYPE[column.type]() for column in table.columns if column.required}
    if any(column.name == "id" for column in table.columns):
        row["id"] = str(uuid4())
    for reference in table.references:
        if set(reference.columns) <= row.keys() | {"school_id"}:
            row |= _parent_key(reference, school)
    return {**row, "school_id": str(school.id), **extra}


def _parent_key(reference: Reference, school: Inhabited) -> Row:
    parent = school.rows[reference.table][0]
    return {column: parent[target] for column, target in zip(reference.columns, reference.targets, strict=True)}
