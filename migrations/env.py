"""Alembic's entry point. `app.core.migrate` hands it a connection that has already taken the owner's role."""

from alembic import context
from sqlalchemy import Connection

from app.core.migrate import not_a_partition
from app.domains.tables import METADATA


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_name=not_a_partition,
        compare_server_default=False,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
