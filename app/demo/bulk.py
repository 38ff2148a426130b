"""Many rows in one statement: an array for each column, as the walled application."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql

from app.core.database import RawConnection
from app.core.tables import Table

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


async def insert_rows(
    connection: RawConnection, table: type[Table], rows: list[dict[str, Any]], school_id: UUID, *, twice: str = ""
) -> None:
    """Inserts rows that all have the columns of the first. `twice` names the columns by which a row may come twice."""
    columns = list(rows[0])
    target = table.__table__  # type: ignore[attr-defined]
    types = [target.columns[name].type.compile(_DIALECT) for name in columns]
    arrays = ", ".join(f"${place}::{type_}[]" for place, type_ in enumerate(types, 2))
    conflict = f" ON CONFLICT ({twice}) DO NOTHING" if twice else ""
    names = ", ".join(columns)
    await connection.execute(
        f"INSERT INTO {target.name} (school_id, {names}) SELECT $1, * FROM unnest({arrays}){conflict}",  # noqa: S608  # names of our tables
        school_id,
        *([row[name] for row in rows] for name in columns),
    )
