"""The shape every tenant table has: a primary key (school_id, id), so that no row can point into another school."""

from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, MetaData, Text, Uuid, cast, func, text
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# The school of the transaction, for the wall in the query itself; an error where the transaction names none.
THIS_SCHOOL = cast(func.current_setting("app.school"), Uuid)


class Table(SQLModel):
    """Root of the tables: text columns are TEXT, times are TIMESTAMPTZ."""

    metadata: ClassVar[MetaData]


class Walled(Table):
    """A row of one school."""

    school_id: UUID = Field(primary_key=True, foreign_key="school.id")
    id: UUID = Field(default=None, primary_key=True, sa_column_kwargs={"server_default": text("uuidv7()")})


def moment(*, default_now: bool = False, nullable: bool = False) -> Any:
    """A TIMESTAMPTZ column."""
    keywords: dict[str, Any] = {"server_default": func.now()} if default_now else {}
    return Field(
        default=None,
        nullable=nullable,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs=keywords,
    )


def words(*, nullable: bool = False, default: str | None = None) -> Any:
    """A TEXT column; `default` is the server's."""
    keywords: dict[str, Any] = {} if default is None else {"server_default": text(f"'{default}'")}
    return Field(default=None, nullable=nullable, sa_type=Text, sa_column_kwargs=keywords)


def belongs_to(table: str, column: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key inside the school: (school_id, column) → table (school_id, id)."""
    return ForeignKeyConstraint(["school_id", column], [f"{table}.school_id", f"{table}.id"], **options)


def one_of(column: str, *values: str) -> CheckConstraint:
    """TEXT + CHECK instead of an enum: an enum's operators are not leakproof under row-level security."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
