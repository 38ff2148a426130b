"""How a migration walls a table: forced row-level security, a policy per role, and no grant that is not needed."""

from typing import Any

from alembic import op

SCHOOL = "current_setting('app.school')::uuid"


def wall(table: str, *, key: str = "school_id", app: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """One school at a time for the application and the owner; `app` lists what the application may do."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY school ON {table} TO skooly_app, skooly_owner "
        f"USING ({key} = {SCHOOL}) WITH CHECK ({key} = {SCHOOL})"
    )
    op.execute(f"GRANT {app} ON {table} TO skooly_app")


def across(table: str, role: str, *commands: str) -> None:
    """Lets `skooly_worker` or `skooly_auth` see every school's rows of one named table."""
    for command in commands:
        clause = "WITH CHECK (true)" if command == "INSERT" else "USING (true)"
        op.execute(f"CREATE POLICY {role}_{command.lower()} ON {table} FOR {command} TO {role} {clause}")
    op.execute(f"GRANT {', '.join(commands)} ON {table} TO {role}")


def script(statements: str) -> None:
    """Several statements in one go, by the simple protocol: function bodies need no cutting."""

    async def run(connection: Any) -> None:
        await connection.execute(statements)

    op.get_bind().connection.run_async(run)  # type: ignore[attr-defined]
