"""What a refusal of PostgreSQL means for whoever runs a command, and what to do about it."""

from collections.abc import Iterator

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError

from app.cli.failure import ConfigurationWrong, DatabaseSilent
from app.core.errors import Unavailable

# The first that fits wins: the more precise classes of PostgreSQL's errors come first.
ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.InvalidCatalogNameError, "Make it with ./skooly bootstrap, or correct SKOOLY_DATABASE_URL."),
    (asyncpg.InvalidAuthorizationSpecificationError, "Check the user and the password of SKOOLY_DATABASE_URL."),
    (asyncpg.UndefinedTableError, "The database is not at this version: run ./skooly migrate."),
    (asyncpg.UndefinedColumnError, "The database is not at this version: run ./skooly migrate."),
    (
        asyncpg.InsufficientPrivilegeError,
        "./skooly bootstrap takes a superuser; every other command the role that it makes, skooly.",
    ),
    (asyncpg.InvalidParameterValueError, "The roles are missing: run ./skooly bootstrap."),
)


def explain(error: Exception) -> Exception:
    """A failure that says what to do, where the database is the reason; else `error` itself."""
    for cause in _causes(error):
        for kind, advice in ADVICE:
            if isinstance(cause, kind):
                return ConfigurationWrong(f"PostgreSQL says: {cause}.\n{advice}")
    if isinstance(error, asyncpg.ClientConfigurationError):
        return ConfigurationWrong(f"This is no URL of PostgreSQL: {error}.")
    if isinstance(error, Unavailable):
        reason = f" ({error.__cause__})" if str(error.__cause__ or "") else ""
        return DatabaseSilent(f"PostgreSQL does not answer{reason}. Check that it runs, and the host and port given.")
    return error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Only what the database said: SQLAlchemy wraps it twice, Skooly's own failures once."""
    if isinstance(error, asyncpg.PostgresError):
        yield error
    elif isinstance(error, DBAPIError | AsyncAdapt_asyncpg_dbapi.Error | Unavailable):
        yield from _causes(error.__cause__)
