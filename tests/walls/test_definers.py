"""Functions that run as the owner look nowhere but where the owner's tables are."""

from app.core.database import Database, Wall
from tests.support.factories.partners import make_key, make_school


async def test_a_temporary_table_does_not_hide_a_revocation(database: Database) -> None:
    """Whoever may make temporary tables could otherwise stand in for any table that a trigger writes."""
    school = await make_school(database)
    issued = await make_key(database, school)
    async with database.raw(Wall.auth()) as connection:
        before = await connection.fetchval("SELECT generation FROM key_generation")
    async with database.raw(Wall.app(school.id)) as connection:
        await connection.execute("CREATE TEMPORARY TABLE key_generation (generation integer) ON COMMIT DROP")
        await connection.execute("GRANT ALL ON pg_temp.key_generation TO PUBLIC")
        await connection.execute("UPDATE api_key SET revoked_at = now() WHERE id = $1", issued.row.id)
    async with database.raw(Wall.auth()) as connection:
        after = await connection.fetchval("SELECT generation FROM key_generation")
    assert after > before


async def test_every_function_that_runs_as_its_owner_looks_into_temporary_tables_last(database: Database) -> None:
    async with database.raw(Wall.auth()) as connection:
        settings = await connection.fetch(
            "SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        )
    assert settings
    assert [row["proname"] for row in settings if row["proconfig"] != ["search_path=public, pg_temp"]] == []
