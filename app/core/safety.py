"""What a start refuses: a login or a table with which one school could see another's rows.

Row-level security protects nothing from a superuser, from BYPASSRLS, or where it is not forced. Everything is read
from the catalogue of the very database, as the very login that will serve.
"""

from collections.abc import Collection

import asyncpg

from app.core.database import Database, RawConnection, Wall
from app.core.errors import SkoolyError
from app.core.roles import APP, AUTH, OWNER


class UnsafeDatabase(SkoolyError):
    """The start is refused. `what` names the role or the tables concerned."""

    code = "UNSAFE_DATABASE"
    fr = "La base n'est pas sûre : {what}."
    en = "The database is not safe: {what}."


class PrivilegedLogin(UnsafeDatabase):
    """The login itself passes every wall."""

    code = "PRIVILEGED_LOGIN"
    fr = (
        "Le rôle de connexion « {what} » est super-utilisateur ou BYPASSRLS : aucune école ne serait protégée. "
        "Connectez-vous avec le rôle « skooly » que crée ./skooly bootstrap."
    )
    en = (
        "The login role “{what}” is a superuser or has BYPASSRLS: no school would be protected. "
        "Connect as the role “skooly” that ./skooly bootstrap makes."
    )


class RolesMissing(UnsafeDatabase):
    """The login cannot take the roles it works in."""

    code = "ROLES_MISSING"
    fr = "Le rôle de connexion ne peut pas prendre les rôles de Skooly ({what}). Lancez ./skooly bootstrap."
    en = "The login role cannot take Skooly's roles ({what}). Run ./skooly bootstrap."


class PrivilegedMembership(UnsafeDatabase):
    """The login can become, through any number of memberships, a role that passes the walls."""

    code = "PRIVILEGED_MEMBERSHIP"
    fr = "Le rôle de connexion peut devenir {what}, qui passe les murs. Retirez ce rôle : REVOKE … FROM …."
    en = "The login role can become {what}, which passes the walls. Take that role away: REVOKE … FROM …."


class InheritingLogin(UnsafeDatabase):
    """The login has rights without taking a role, hence without a wall."""

    code = "INHERITING_LOGIN"
    fr = "Des droits sont hérités sans prendre de rôle : {what}. Relancez ./skooly bootstrap ou ALTER ROLE … NOINHERIT."
    en = "Rights are inherited without taking a role: {what}. Run ./skooly bootstrap again, or ALTER ROLE … NOINHERIT."


class UnwalledTable(UnsafeDatabase):
    """A table without forced row-level security, or with a policy that shows more than one school."""

    code = "UNWALLED_TABLE"
    fr = (
        "Tables sans mur entre les écoles : {what}. Il leur faut ENABLE et FORCE ROW LEVEL SECURITY et la seule règle "
        "« school » ; relancez ./skooly migrate, ou supprimez une table étrangère à Skooly."
    )
    en = (
        "Tables without a wall between schools: {what}. They need ENABLE and FORCE ROW LEVEL SECURITY and the policy "
        "“school” alone; run ./skooly migrate again, or drop a table that is not Skooly's."
    )


class GrantedPartition(UnsafeDatabase):
    """A partition that can be reached beside its table."""

    code = "GRANTED_PARTITION"
    fr = "Des partitions sont accessibles directement : {what}. Retirez ces droits : REVOKE ALL ON … FROM …."
    en = "Partitions can be reached directly: {what}. Take those rights away: REVOKE ALL ON … FROM …."


_LOGIN = "SELECT rolname FROM pg_roles WHERE rolname = session_user AND (rolsuper OR rolbypassrls)"

# Roles that reach files, programs or every table are as good as a superuser.
_MEMBERSHIPS = """
WITH RECURSIVE reach (oid) AS (
    SELECT oid FROM pg_roles WHERE rolname = session_user
    UNION SELECT m.roleid FROM pg_auth_members m JOIN reach ON m.member = reach.oid
)
SELECT rolname FROM pg_roles JOIN reach USING (oid)
WHERE rolsuper OR rolbypassrls OR rolname IN (
    'pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
    'pg_execute_server_program'
)
ORDER BY rolname
"""

_INHERITANCE = """
WITH RECURSIVE reach (oid) AS (
    SELECT oid FROM pg_roles WHERE rolname = session_user
    UNION SELECT m.roleid FROM pg_auth_members m JOIN reach ON m.member = reach.oid
)
SELECT rolname || ' INHERIT' FROM pg_roles WHERE rolname = session_user AND rolinherit
UNION ALL
SELECT pg_get_userbyid(m.member) || ' → ' || pg_get_userbyid(m.roleid)
FROM pg_auth_members m JOIN reach ON m.member = reach.oid
WHERE m.inherit_option
"""

# A view reads as its owner unless it says otherwise; a materialised view and a foreign table have no walls at all.
_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> ALL ($1::text[]) AND CASE
    WHEN c.relkind IN ('r', 'p') THEN
        NOT c.relrowsecurity OR NOT c.relforcerowsecurity OR pg_get_userbyid(c.relowner) <> $2 OR EXISTS (
            SELECT FROM pg_policy p
            WHERE p.polrelid = c.oid AND p.polpermissive AND p.polroles && ARRAY[0, to_regrole($3)::oid]
            AND NOT coalesce(pg_get_expr(coalesce(p.polwithcheck, p.polqual), c.oid), '') = ANY ($4::text[])
        ) OR EXISTS (
            SELECT FROM pg_policy p
            WHERE p.polrelid = c.oid AND p.polpermissive AND p.polroles && ARRAY[0, to_regrole($3)::oid]
            AND p.polcmd <> 'a' AND NOT coalesce(pg_get_expr(p.polqual, c.oid), '') = ANY ($4::text[])
        )
    WHEN c.relkind = 'v' THEN NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
    ELSE c.relkind IN ('m', 'f')
END
ORDER BY c.relname
"""
_SCHOOL_POLICIES = [
    "(school_id = (current_setting('app.school'::text))::uuid)",
    "(id = (current_setting('app.school'::text))::uuid)",
]

_PARTITIONS = """
SELECT DISTINCT c.relname FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL,
LATERAL (
    SELECT grantee FROM aclexplode(c.relacl) UNION ALL SELECT grantee FROM aclexplode(a.attacl)
) granted
WHERE c.relispartition AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    AND granted.grantee <> c.relowner
ORDER BY c.relname
"""


async def refuse_unsafe(database: Database, shared: Collection[str]) -> None:
    """Returns when the walls stand. Raises an UnsafeDatabase that says what to do, or Unavailable.

    `shared` names the tables that belong to no school and need no wall.
    """
    try:
        async with database.raw(Wall.auth()) as connection:
            await _refuse_if_any(connection, PrivilegedLogin, _LOGIN)
            await _refuse_if_any(connection, PrivilegedMembership, _MEMBERSHIPS)
            await _refuse_if_any(connection, InheritingLogin, _INHERITANCE)
            await _refuse_if_any(connection, UnwalledTable, _TABLES, list(shared), OWNER, APP, _SCHOOL_POLICIES)
            await _refuse_if_any(connection, GrantedPartition, _PARTITIONS)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError) as error:
        raise RolesMissing(what=AUTH) from error


async def _refuse_if_any(connection: RawConnection, error: type[UnsafeDatabase], statement: str, *args: object) -> None:
    found = [row[0] for row in await connection.fetch(statement, *args)]
    if found:
        raise error(what=", ".join(found))
