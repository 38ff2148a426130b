"""The PostgreSQL roles, made once by a superuser; nothing afterwards is one.

skooly_owner    owns the tables; migrations
skooly_app      one school at a time, behind row-level security
skooly_worker   named tables across schools, by policies of its own
skooly_auth     looks up keys, which comes before the school is known
skooly          the login of the application: NOINHERIT, so it may do nothing until it takes a role
"""

import asyncpg

from app.core.database import UNREACHABLE
from app.core.errors import Unavailable

OWNER, APP, WORKER, AUTH, LOGIN = "skooly_owner", "skooly_app", "skooly_worker", "skooly_auth", "skooly"
ROLES = (OWNER, APP, WORKER, AUTH)

# On the login, because SET ROLE does not apply a role's own settings.
TIMEOUTS = {
    "statement_timeout": "5s",
    "transaction_timeout": "30s",
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "3s",
}


def bootstrap_statements(database: str, password: str | None = None) -> list[str]:
    """What a superuser runs on an empty server. Running it again changes nothing."""
    statements = [_create_role(name, "NOLOGIN") for name in ROLES]
    statements.append(_create_role(LOGIN, "LOGIN NOINHERIT"))
    if password is not None:
        statements.append(f"ALTER ROLE {LOGIN} PASSWORD {_literal(password)}")
    statements += [f"GRANT {name} TO {LOGIN} WITH INHERIT FALSE, SET TRUE" for name in ROLES]
    statements += [f"ALTER ROLE {LOGIN} SET {name} = '{value}'" for name, value in TIMEOUTS.items()]
    quoted = '"' + database.replace('"', '""') + '"'
    statements += [
        f"ALTER DATABASE {quoted} OWNER TO {OWNER}",
        f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {quoted} TO {LOGIN}",
        # Imports stage rows in temporary tables, which no other session sees.
        f"GRANT TEMPORARY ON DATABASE {quoted} TO {APP}",
    ]
    return statements


async def bootstrap_roles(superuser_dsn: str, database: str, password: str | None = None) -> None:
    """Makes the roles, and the database where there is none.

    `superuser_dsn` is a libpq DSN of any database of the server. Raises Unavailable.
    """
    connection = await _connect(superuser_dsn)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            quoted = '"' + database.replace('"', '""') + '"'
            await connection.execute(f"CREATE DATABASE {quoted}")
        for statement in bootstrap_statements(database, password):
            await connection.execute(statement)
    finally:
        await connection.close()


async def _connect(dsn: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(dsn)
    except UNREACHABLE as error:
        raise Unavailable from error


def _create_role(name: str, options: str) -> str:
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN "
        f"CREATE ROLE {name} {options} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE; END IF; END $$"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
