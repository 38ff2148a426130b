"""What a start refuses, each made for real in a database of its own."""

import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.cli.data_directory import CHECKOUT
from app.core.database import Database
from app.core.safety import (
    GrantedPartition,
    InheritingLogin,
    PrivilegedLogin,
    PrivilegedMembership,
    RolesMissing,
    UnsafeDatabase,
    UnwalledTable,
    refuse_unsafe,
)
from app.domains.tables import SHARED
from app.embedded import Addresses


@pytest.fixture
async def superuser(servers: Addresses, fresh_database: Database) -> AsyncIterator[asyncpg.Connection]:
    """In the fresh database, to do what an operator might do by mistake."""
    connection = await asyncpg.connect(servers.superuser_dsn(_name(fresh_database)))
    yield connection
    await connection.close()


@pytest.fixture
async def login(superuser: asyncpg.Connection, fresh_database: Database) -> AsyncIterator[str]:
    """A login like `skooly`; roles belong to the whole server, so a test must not touch `skooly` itself."""
    name = f"login_{uuid.uuid4().hex[:8]}"
    await superuser.execute(f"CREATE ROLE {name} LOGIN NOINHERIT")
    for role in ("skooly_owner", "skooly_app", "skooly_worker", "skooly_auth"):
        await superuser.execute(f"GRANT {role} TO {name} WITH INHERIT FALSE, SET TRUE")
    await superuser.execute(f'GRANT CONNECT ON DATABASE "{_name(fresh_database)}" TO {name}')
    yield name
    await superuser.execute(f"DROP OWNED BY {name}")
    await superuser.execute(f"DROP ROLE {name}")


def _name(database: Database) -> str:
    return database.engine.url.database or ""


async def _check_as(database: Database, login: str) -> None:
    url = database.engine.url.set(username=login).render_as_string(hide_password=False)
    async with Database(url) as other:
        await refuse_unsafe(other, SHARED)


async def test_what_bootstrap_and_migrate_make_is_safe(fresh_database: Database) -> None:
    await refuse_unsafe(fresh_database, SHARED)


async def test_the_login_of_these_tests_is_safe(fresh_database: Database, login: str) -> None:
    await _check_as(fresh_database, login)


async def test_the_superuser_is_refused(fresh_database: Database) -> None:
    with pytest.raises(PrivilegedLogin, match=r"“postgres”.*bootstrap"):
        await _check_as(fresh_database, "postgres")


async def test_bypassrls_is_refused(fresh_database: Database, superuser: asyncpg.Connection, login: str) -> None:
    await superuser.execute(f"ALTER ROLE {login} BYPASSRLS")
    with pytest.raises(PrivilegedLogin, match=login):
        await _check_as(fresh_database, login)


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS"])
async def test_a_way_to_a_privileged_role_is_refused(
    fresh_database: Database, superuser: asyncpg.Connection, login: str, power: str
) -> None:
    between, strong = f"{login}_between", f"{login}_strong"
    await superuser.execute(f"CREATE ROLE {strong} {power}; CREATE ROLE {between}")
    try:
        await superuser.execute(f"GRANT {strong} TO {between} WITH INHERIT FALSE, SET TRUE")
        await superuser.execute(f"GRANT {between} TO {login} WITH INHERIT FALSE, SET TRUE")
        with pytest.raises(PrivilegedMembership, match=strong):
            await _check_as(fresh_database, login)
    finally:
        await superuser.execute(f"DROP ROLE {between}; DROP ROLE {strong}")


async def test_a_predefined_role_that_reaches_files_is_refused(
    fresh_database: Database, superuser: asyncpg.Connection, login: str
) -> None:
    await superuser.execute(f"GRANT pg_read_server_files TO {login} WITH INHERIT FALSE, SET TRUE")
    with pytest.raises(PrivilegedMembership, match="pg_read_server_files"):
        await _check_as(fresh_database, login)


async def test_a_login_without_the_roles_is_refused(
    fresh_database: Database, superuser: asyncpg.Connection, login: str
) -> None:
    await superuser.execute(f"REVOKE skooly_auth FROM {login}")
    with pytest.raises(RolesMissing, match="skooly_auth"):
        await _check_as(fresh_database, login)


@pytest.mark.parametrize(
    "mistake", ["ALTER ROLE {login} INHERIT", "GRANT skooly_worker TO {login} WITH INHERIT TRUE, SET TRUE"]
)
async def test_a_login_that_inherits_is_refused(
    fresh_database: Database, superuser: asyncpg.Connection, login: str, mistake: str
) -> None:
    await superuser.execute(mistake.format(login=login))
    with pytest.raises(InheritingLogin, match=login):
        await _check_as(fresh_database, login)


@pytest.mark.parametrize(
    "mistake",
    [
        "CREATE TABLE forgotten (id uuid)",
        "CREATE MATERIALIZED VIEW forgotten AS SELECT id FROM student",
        "CREATE VIEW forgotten AS SELECT id FROM student",
        "CREATE TABLE forgotten (id uuid); ALTER TABLE forgotten ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE student NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE student DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE student OWNER TO postgres",
        "CREATE POLICY generous ON student TO skooly_app USING (true)",
        "CREATE POLICY generous ON student FOR SELECT USING (status = 'active')",
        "CREATE POLICY generous ON student FOR INSERT TO skooly_app WITH CHECK (true)",
        "CREATE POLICY generous ON student FOR UPDATE TO skooly_app USING (true) "
        "WITH CHECK (school_id = current_setting('app.school')::uuid)",
    ],
)
async def test_a_table_without_its_wall_is_refused(
    fresh_database: Database, superuser: asyncpg.Connection, mistake: str
) -> None:
    await superuser.execute(mistake)
    with pytest.raises(UnwalledTable, match=r"forgotten|student"):
        await refuse_unsafe(fresh_database, SHARED)


async def test_a_partition_without_its_wall_is_refused(fresh_database: Database, superuser: asyncpg.Connection) -> None:
    partition = await superuser.fetchval("SELECT inhrelid::regclass::text FROM pg_inherits LIMIT 1")
    await superuser.execute(f"ALTER TABLE {partition} NO FORCE ROW LEVEL SECURITY")
    with pytest.raises(UnwalledTable, match=partition):
        await refuse_unsafe(fresh_database, SHARED)


@pytest.mark.parametrize("grant", ["SELECT ON {partition}", "SELECT (school_id) ON {partition}"])
async def test_a_partition_with_grants_is_refused(
    fresh_database: Database, superuser: asyncpg.Connection, grant: str
) -> None:
    partition = await superuser.fetchval(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass LIMIT 1"
    )
    await superuser.execute(f"GRANT {grant.format(partition=partition)} TO skooly_app")
    with pytest.raises(GrantedPartition, match=partition):
        await refuse_unsafe(fresh_database, SHARED)


async def test_a_view_that_reads_as_its_reader_is_safe(fresh_database: Database, superuser: asyncpg.Connection) -> None:
    await superuser.execute("CREATE VIEW fine WITH (security_invoker = true) AS SELECT id FROM student")
    await refuse_unsafe(fresh_database, SHARED)


@pytest.mark.parametrize("error", UnsafeDatabase.__subclasses__())
def test_every_refusal_says_what_to_do(error: type[UnsafeDatabase]) -> None:
    failure = error(what="x")
    for language in ("fr", "en"):
        assert any(advice in failure.message(language) for advice in ("./skooly", "REVOKE"))


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"], ["migrate"]])
def test_no_process_starts_on_an_unsafe_login(servers: Addresses, fresh_database_url: str, command: list[str]) -> None:
    environment = {
        **os.environ,
        "SKOOLY_DATABASE_URL": fresh_database_url.replace("//skooly@", "//postgres@"),
        "SKOOLY_REDIS_URL": servers.redis_url(),
        "SKOOLY_KEY_PEPPERS": '{"1": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}',
        "SKOOLY_SECRET_KEYS": '{"1": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}',
        "SKOOLY_CURSOR_SECRET": "c" * 32,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "app.cli", *command], cwd=CHECKOUT, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert "“postgres” is a superuser" in ended.stderr
    assert "Traceback" not in ended.stderr
