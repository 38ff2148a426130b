"""Counting what an operation asks of PostgreSQL, as SQLAlchemy hands it to the driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from app.core.database import Database


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that the sessions of `database` run meanwhile, in their order.

    BEGIN with its wall and COMMIT are not among them, nor what goes through `raw` and `fetch`.
    """
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
