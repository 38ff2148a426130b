"""The one schema, put together from what the slices export, and the files that are exported from it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from app.api.catalogue import Catalogue, build_catalogue, scope_snapshot
from app.api.scalars import SCALARS

SCOPES_SNAPSHOT = Path(__file__).with_name("scopes.snapshot")
SCHEMA_FILE = Path(__file__).parents[2] / "schema.graphql"


class ApiSchema:
    """A Strawberry schema that has passed the walk: `graphql` runs, `catalogue` says who may read what."""

    def __init__(self, strawberry_schema: strawberry.Schema) -> None:
        self.strawberry = strawberry_schema
        self.graphql: GraphQLSchema = strawberry_schema._schema
        self.catalogue: Catalogue = build_catalogue(self.graphql)

    def sdl(self) -> str:
        return self.strawberry.as_str().rstrip() + "\n"

    def scopes(self) -> str:
        return scope_snapshot(self.catalogue)


def assemble(queries: Sequence[type], mutations: Sequence[type] = (), *, types: Sequence[Any] = ()) -> ApiSchema:
    """The schema whose roots inherit from the slices' `Query` and `Mutation` classes.

    Raises SchemaRefused when a field lacks a scope or anything lacks a description.
    """
    return ApiSchema(
        strawberry.Schema(
            query=_root("Query", "Everything that can be read.", queries),
            mutation=_root("Mutation", "Everything that can be changed.", mutations) if mutations else None,
            types=types,
            config=StrawberryConfig(auto_camel_case=True, scalar_map=SCALARS),
        )
    )


def _root(name: str, description: str, mixins: Sequence[type]) -> type:
    return strawberry.type(type(name, tuple(mixins), {}), name=name, description=description)


def exports(schema: ApiSchema) -> dict[Path, str]:
    """The generated files that are committed, with what they should hold."""
    return {SCHEMA_FILE: schema.sdl(), SCOPES_SNAPSHOT: schema.scopes()}


def write_exports(schema: ApiSchema) -> None:
    for path, text in exports(schema).items():
        path.write_text(text, encoding="utf-8")


def stale_exports(schema: ApiSchema) -> list[Path]:
    """The committed files that no longer match the schema."""
    return [
        path for path, text in exports(schema).items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
