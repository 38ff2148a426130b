"""School B tries to reach school A's rows in every table and every partition, as the production roles."""

import json
from collections.abc import Iterable, Set
from dataclasses import dataclass

import asyncpg
import pytest

from app.core.database import Database, Wall
from app.domains.tables import METADATA, SHARED
from tests.support.factories.partners import make_school
from tests.walls.catalogue import Walled, read_catalogue
from tests.walls.rows import Inhabited, inhabit, insertion

REFUSED = "refused"
# A trigger that runs before the wall is asked finds the other school's rows missing, and says so in its own words.
REFUSALS = (asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError)
NO_SCHOOL = (asyncpg.UndefinedObjectError, asyncpg.InvalidTextRepresentationError)

# Who may see rows of every school, and do what with them. A new crossing is a decision: write it down here.
CROSSINGS = {
    ("skooly_auth", "api_key"): {"SELECT"},
    ("skooly_auth", "key_scope_use"): {"SELECT", "INSERT", "UPDATE"},
    ("skooly_auth", "key_use"): {"SELECT", "INSERT", "UPDATE"},
    ("skooly_auth", "partner"): {"SELECT"},
    ("skooly_auth", "school"): {"SELECT"},
    ("skooly_worker", "account_map"): {"SELECT"},
    ("skooly_worker", "attempt"): {"SELECT", "INSERT", "UPDATE"},
    ("skooly_worker", "audit_chain"): {"SELECT", "INSERT", "UPDATE"},
    ("skooly_worker", "audit_entry"): {"SELECT"},
    ("skooly_worker", "audit_salt"): {"SELECT", "INSERT"},
    ("skooly_worker", "audit_seal"): {"SELECT", "INSERT"},
    ("skooly_worker", "audit_subject"): {"SELECT", "INSERT"},
    ("skooly_worker", "delivery"): {"SELECT", "INSERT", "UPDATE"},
    ("skooly_worker", "endpoint"): {"SELECT"},
    ("skooly_worker", "endpoint_secret"): {"SELECT"},
    ("skooly_worker", "endpoint_state"): {"SELECT", "UPDATE"},
    ("skooly_worker", "event"): {"SELECT"},
    ("skooly_worker", "fan_out"): {"SELECT", "UPDATE"},
    ("skooly_worker", "idempotency_key"): {"SELECT", "DELETE"},
    ("skooly_worker", "log_epoch"): {"SELECT", "INSERT"},
    ("skooly_worker", "school"): {"SELECT"},
    ("skooly_worker", "school_log"): {"SELECT", "UPDATE"},
    ("skooly_worker", "waiting_fact"): {"SELECT"},
}
BY_COLUMN = {
    ("skooly_worker", "api_key"): {"school_id", "partner_id", "scopes", "zones", "expires_at", "revoked_at"},
}
"""What is read of rows across the walls where not all of them is."""


class _Undone(Exception):
    """Every attempt is rolled back."""


@dataclass
class World:
    database: Database
    tables: list[Walled]
    a: Inhabited
    b: Inhabited

    async def attempt(self, wall: Wall, statement: str, *args: object) -> int | str:
        """How many rows it reached, or REFUSED."""
        try:
            async with self.database.raw(wall) as connection:
                status = await connection.execute(statement, *args)
                raise _Undone
        except _Undone:
            return int(status.rpartition(" ")[2])
        except REFUSALS:
            return REFUSED

    async def breaches(
        self, attempts: Iterable[tuple[str, object]], harmless: Set[int | str] = frozenset({0, REFUSED})
    ) -> list[tuple[str, str]]:
        """Which attempts of school B reached anything, as the application and as the owner of the tables."""
        return [
            (wall.role, statement)
            for statement, argument in attempts
            for wall in (Wall.app(self.b.id), Wall.owner(self.b.id))
            if await self.attempt(wall, statement, argument) not in harmless
        ]

    def relations(self) -> Iterable[tuple[Walled, str]]:
        """Every table and every partition, by name."""
        for table in self.tables:
            yield table, table.name
            for partition in table.partitions:
                yield table, partition.name


@pytest.fixture(scope="module")
async def world(database: Database) -> World:
    async with database.raw(Wall.auth()) as connection:
        tables = await read_catalogue(connection)
    schools = [await make_school(database) for _ in range(2)]
    return World(database, tables, *[await inhabit(database, tables, school.id) for school in schools])


def test_the_walk_covers_every_table(world: World) -> None:
    assert {table.name for table in world.tables} | SHARED.keys() == set(METADATA.tables) | {"alembic_version"}
    assert sum(len(table.partitions) for table in world.tables) >= 3 * 4


async def test_everybody_sees_their_own_rows(world: World) -> None:
    """The control: an empty answer below means a wall, not an empty table."""
    for table, name in world.relations():
        is_table = name == table.name
        for school in (world.a, world.b):
            wall = Wall.app(school.id) if is_table else Wall.owner(school.id)
            assert await world.attempt(wall, f'SELECT FROM "{name}"') != 0, name


async def test_nobody_reads_another_schools_rows(world: World) -> None:
    attempts = [
        (f'SELECT FROM "{name}" WHERE {condition}', world.a.id)
        for table, name in world.relations()
        for condition in (f"{table.school} = $1", f"{table.school} <> '{world.b.id}' AND $1::uuid IS NOT NULL")
    ]
    assert await world.breaches(attempts) == []


async def test_nobody_changes_or_deletes_another_schools_rows(world: World) -> None:
    attempts = []
    for table, name in world.relations():
        changeable = [column.name for column in table.columns if column.changeable] or [table.key[-1]]
        theirs = f"WHERE {table.school} = $1"
        attempts.append((f'DELETE FROM "{name}" {theirs}', world.a.id))
        attempts += [(f'UPDATE "{name}" SET "{c}" = "{c}" {theirs}', world.a.id) for c in changeable]
    assert await world.breaches(attempts) == []


async def test_nobody_writes_a_row_into_another_school(world: World) -> None:
    attempts = []
    for table, name in world.relations():
        rows = world.a.rows.get(table.name) or [{"school_id": str(world.a.id)}]
        attempts.append((insertion(name, rows), json.dumps(rows)))
    assert await world.breaches(attempts, harmless={REFUSED}) == []


async def test_nobody_moves_a_row_into_another_school(world: World) -> None:
    attempts = [(f'UPDATE "{name}" SET {table.school} = $1', world.a.id) for table, name in world.relations()]
    assert await world.breaches(attempts, harmless={REFUSED}) == []


async def test_a_partition_has_no_door_of_its_own(world: World) -> None:
    """Even for one's own rows: through the table or not at all."""
    for table in world.tables:
        for partition in table.partitions:
            for verb in ("SELECT FROM", "DELETE FROM"):
                assert await world.attempt(Wall.app(world.b.id), f'{verb} "{partition.name}"') == REFUSED
            rows = world.b.rows[table.name]
            outcome = await world.attempt(Wall.app(world.b.id), insertion(partition.name, rows), json.dumps(rows))
            assert outcome == REFUSED


async def test_a_forgotten_school_is_an_error_not_an_empty_answer(world: World) -> None:
    """On a connection that never named a school, and on one that did before."""
    for table, name in world.relations():
        roles = (Wall("skooly_app"), Wall.owner()) if name == table.name else (Wall.owner(),)
        for wall in roles:
            for verb in ("SELECT FROM", "DELETE FROM"):
                try:
                    outcome = await world.attempt(wall, f'{verb} "{name}"')
                except NO_SCHOOL:
                    continue
                assert outcome == REFUSED, (wall.role, verb, name)
        if name == table.name:
            with pytest.raises(NO_SCHOOL):
                await world.attempt(Wall("skooly_app"), f'SELECT FROM "{name}"')


async def test_the_login_may_do_nothing_without_a_role(world: World) -> None:
    relations = [name for _, name in world.relations()] + list(SHARED)
    async with world.database.raw(Wall.auth()) as connection:
        rights = await connection.fetch(
            "SELECT name, p FROM unnest($1::text[]) name, unnest(string_to_array($2, ' ')) p "
            "WHERE has_table_privilege(session_user, format('%I', name), p)",
            relations,
            "SELECT INSERT UPDATE DELETE TRUNCATE",
        )
    assert rights == []


async def test_only_named_crossings_lead_over_the_walls(world: World) -> None:
    async with world.database.raw(Wall.auth()) as connection:
        rows = await connection.fetch(
            "SELECT role, c.relname AS name, array_agg(p.privilege_type::text) AS rights "
            "FROM pg_class c, aclexplode(c.relacl) p, LATERAL (SELECT pg_get_userbyid(p.grantee) AS role) r "
            "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($1) "
            "AND role NOT IN ('skooly_owner', 'skooly_app') GROUP BY 1, 2",
            list(SHARED),
        )
    assert {(row["role"], row["name"]): set(row["rights"]) for row in rows} == CROSSINGS


async def test_only_named_columns_lead_over_the_walls(world: World) -> None:
    async with world.database.raw(Wall.auth()) as connection:
        rows = await connection.fetch(
            "SELECT pg_get_userbyid(p.grantee) AS role, c.relname AS name, p.privilege_type AS right, "
            "array_agg(a.attname::text) AS columns FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, "
            "aclexplode(a.attacl) p WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> ALL ($1) "
            "AND pg_get_userbyid(p.grantee) NOT IN ('skooly_owner', 'skooly_app') GROUP BY 1, 2, 3",
            list(SHARED),
        )
    assert {(row["role"], row["name"]): set(row["columns"]) for row in rows} == BY_COLUMN
    assert {row["right"] for row in rows} == {"SELECT"}


async def test_a_worker_reads_only_what_is_named(world: World) -> None:
    for role in ("skooly_worker", "skooly_auth"):
        for table, name in world.relations():
            outcome = await world.attempt(Wall(role), f'SELECT FROM "{name}" WHERE {table.school} = $1', world.a.id)
            if "SELECT" in CROSSINGS.get((role, name), set()) or (role, name) in BY_COLUMN:
                assert outcome not in (0, REFUSED), name
            else:
                assert outcome == REFUSED, (role, name)


def test_no_row_can_point_into_another_school(world: World) -> None:
    for table in world.tables:
        if table.name != "school":
            assert table.key[0] == "school_id", table.name
        for reference in table.references:
            assert dict(zip(reference.columns, reference.targets, strict=True))["school_id"] in ("school_id", "id")
            assert reference.columns[0] == "school_id", (table.name, reference)
