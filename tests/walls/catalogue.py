"""The tables as the database itself lists them: nothing here knows a table by name."""

from dataclasses import dataclass
from typing import Any

import asyncpg

from app.domains.tables import SHARED


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    required: bool
    """NOT NULL and without a default."""
    changeable: bool
    """The application may update it; a generated column nobody may."""


@dataclass(frozen=True)
class Reference:
    """A foreign key: columns here → columns there."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Partition:
    name: str
    first_key: str
    """A value of the partition key that lies in it."""


@dataclass(frozen=True)
class Walled:
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...]
    partitioned_by: str | None
    partitions: tuple[Partition, ...]

    @property
    def school(self) -> str:
        """The column that says whose a row is."""
        return "id" if self.name == "school" else "school_id"


_TABLES = """
SELECT c.oid, c.relname::text AS name,
    (SELECT array_agg(a.attname::text ORDER BY k.n) FROM pg_constraint p,
        unnest(p.conkey) WITH ORDINALITY k (attnum, n)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE p.conrelid = c.oid AND p.contype = 'p') AS key,
    (SELECT a.attname::text FROM pg_partitioned_table t
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = t.partattrs[0]
        WHERE t.partrelid = c.oid) AS partitioned_by
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname <> ALL ($1::text[])
ORDER BY c.relname
"""
_COLUMNS = """
SELECT attname::text AS name, atttypid::regtype::text AS type, attnotnull AND NOT atthasdef AS required,
    attgenerated = '' AND has_column_privilege('skooly_app', attrelid, attnum, 'UPDATE') AS changeable
FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_REFERENCES = """
SELECT f.confrelid::regclass::text AS table,
    (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(f.conkey) WITH ORDINALITY k (attnum, n)
        JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum) AS columns,
    (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(f.confkey) WITH ORDINALITY k (attnum, n)
        JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum) AS targets
FROM pg_constraint f WHERE f.contype = 'f' AND f.conrelid = $1
"""
_PARTITIONS = """
SELECT c.relname::text AS name,
    coalesce(
        substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \\(''([0-9a-f-]+)''\\)'),
        '00000000-0000-7000-8000-000000000001'
    ) AS first_key
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = $1 ORDER BY c.relname
"""


async def read_catalogue(connection: asyncpg.Connection) -> list[Walled]:
    """Every table that belongs to schools, those that others refer to first."""
    tables = [await _table(connection, row) for row in await connection.fetch(_TABLES, list(SHARED))]
    return _in_order(tables)


async def _table(connection: asyncpg.Connection, row: Any) -> Walled:
    oid = row["oid"]
    references = await connection.fetch(_REFERENCES, oid)
    return Walled(
        name=row["name"],
        columns=tuple(Column(**column) for column in await connection.fetch(_COLUMNS, oid)),
        key=tuple(row["key"]),
        references=tuple(Reference(tuple(r["columns"]), r["table"], tuple(r["targets"])) for r in references),
        partitioned_by=row["partitioned_by"],
        partitions=tuple(Partition(**partition) for partition in await connection.fetch(_PARTITIONS, oid)),
    )


def _in_order(tables: list[Walled]) -> list[Walled]:
    ordered: list[Walled] = []
    waiting = tables
    while waiting:
        done = {table.name for table in ordered}
        ready = [t for t in waiting if {r.table for r in t.references} - {t.name} <= done]
        assert ready, f"foreign keys in a circle: {[table.name for table in waiting]}"
        ordered += ready
        waiting = [table for table in waiting if table not in ready]
    return ordered
