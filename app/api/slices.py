"""The slices whose `Query`, `Mutation` and `Subscription` make up the schema."""

from functools import cache
from types import ModuleType

from app.api.budgets.schema import RateLimitQuery
from app.api.schema import ApiSchema, assemble
from app.core.graph.node import NodeKind, node_roots
from app.domains.absences import schema as absences
from app.domains.access import schema as access
from app.domains.audit import schema as audit
from app.domains.events import schema as events
from app.domains.finance import schema as finance
from app.domains.partners import schema as partners
from app.domains.students import schema as students
from app.domains.webhooks import schema as webhooks

SLICES: tuple[ModuleType, ...] = (
    events,
    students,
    absences,
    finance,
    access,
    partners,
    audit,
    webhooks,
)


NODES: tuple[NodeKind, ...] = tuple(kind for module in SLICES for kind in getattr(module, "NODES", ()))


@cache
def skooly_schema() -> ApiSchema:
    """The schema of the product. Raises SchemaRefused."""
    return assemble(
        [*(module.Query for module in SLICES if hasattr(module, "Query")), node_roots(NODES), RateLimitQuery],
        [module.Mutation for module in SLICES if hasattr(module, "Mutation")],
        [module.Subscription for module in SLICES if hasattr(module, "Subscription")],
    )
