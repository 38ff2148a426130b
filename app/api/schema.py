"""The one schema, put together from what the slices export."""

from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from app.api.catalogue import Catalogue, build_catalogue, scope_snapshot
from app.api.scalars import SCALARS


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


def assemble(
    queries: Sequence[type],
    mutations: Sequence[type] = (),
    subscriptions: Sequence[type] = (),
    *,
    types: Sequence[Any] = (),
) -> ApiSchema:
    """The schema whose roots inherit from the slices' `Query`, `Mutation` and `Subscription` classes.

    Raises SchemaRefused when a field lacks a scope or anything lacks a description.
    """
    return ApiSchema(
        strawberry.Schema(
            query=_root("Query", "Everything that can be read.", queries),
            mutation=_root("Mutation", "Everything that can be changed.", mutations) if mutations else None,
            subscription=(
                _root("Subscription", "Everything that can be followed as it happens.", subscriptions)
                if subscriptions
                else None
            ),
            types=types,
            config=StrawberryConfig(auto_camel_case=True, scalar_map=SCALARS),
        )
    )


def _root(name: str, description: str, mixins: Sequence[type]) -> type:
    return strawberry.type(type(name, tuple(mixins), {}), name=name, description=description)
