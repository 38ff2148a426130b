"""What a set of scopes opens: the same question as the authoriser's, asked beforehand."""

from app.api.authoriser import Needs
from app.api.catalogue import Scopes
from app.api.schema import ApiSchema


def root_fields(schema: ApiSchema, scopes: Scopes) -> list[str]:
    """The coordinates of the root fields that a key with these scopes may use, sorted."""
    roots = (schema.graphql.query_type, schema.graphql.mutation_type, schema.graphql.subscription_type)
    coordinates = [(root.name, name) for root in roots if root for name in root.fields]
    return sorted(
        f"{root}.{name}"
        for root, name in coordinates
        if not schema.catalogue.rule(root, name).scopes.isdisjoint(scopes)
    )


def opens(scopes: Scopes, needs: Needs) -> bool:
    return not any(scopes.isdisjoint(anyone) for anyone in needs.alternatives)
