"""Alembic's entry point. `app.core.migrate` hands it a connection that has already taken the owner's role."""

from alembic import context
from sqlalchemy import Connection

from app.domains.tables import METADATA


def _include(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
    """Partitions are made by `app.core.partitions`, not by migrations."""
    return not (kind == "table" and name is not None and "_p2" in name)


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_name=_include,
        compare_server_default=False,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
