"""The one way to declare a field: with the scopes that open it and the words that explain it.

`app.api.schema` refuses to start with a field that was not made here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import strawberry

from app.core.bounds import Bounds
from app.core.scopes import Scope
from app.core.text import Form

METADATA_KEY = "skooly"
REFUSES = "refuses"
"""The metadata under which a root field tells the codes of its own failures that are no members of a union."""
KEYWORDS = "jsonSchema"
"""The metadata under which an input tells, in the words of JSON Schema, what its type does not."""


def scoped(
    *scopes: Scope,
    description: str,
    example: object = None,
    cost: int = 0,
    size: int | None = None,
    sized_by: str | None = None,
    personal: bool = False,
    waits: int = 0,
    refuses: Sequence[str] = (),
    resolver: Callable[..., Any] | None = None,
    subscribes: bool = False,
    name: str | None = None,
    deprecation_reason: str | None = None,
    graphql_type: Any = None,
    default: Any = None,
    default_factory: Callable[[], Any] | None = None,
    optional: bool = False,
    form: Form | Bounds | None = None,
) -> Any:
    """A field that any one of `scopes` opens.

    `cost` is what resolving it once costs (before execution, see `app.api.cost`); `size` is how many items a list
    without a `first` argument is assumed to hold, `sized_by` the list argument for each of whose items there is one;
    `subscribes` makes it a subscription, whose resolver returns what it follows; `personal` marks data about a person,
    whose reading is audited; `waits` is how many seconds longer than others a root field may take, as its argument
    `wait` asks; `example` appears in the documentation of both APIs; `optional` gives an input field the default
    `default`, or a new one of `default_factory` each time; `form` is what the service takes for an input field's text.
    """
    if not scopes:
        raise TypeError("scoped() needs at least one scope: deny by default")
    metadata: dict[str, Any] = {
        METADATA_KEY: {
            "scopes": tuple(sorted({str(scope) for scope in scopes})),
            "cost": cost,
            "size": size,
            "sized_by": sized_by,
            "personal": personal,
            "waits": waits,
            "example": example,
        },
        REFUSES: tuple(refuses),
    }
    if form is not None:
        metadata[KEYWORDS] = form.keywords
    arguments: dict[str, Any] = {"description": description, "metadata": metadata}
    if name is not None:
        arguments["name"] = name
    if deprecation_reason is not None:
        arguments["deprecation_reason"] = deprecation_reason
    if graphql_type is not None:
        arguments["graphql_type"] = graphql_type
    if default_factory is not None:
        arguments["default_factory"] = default_factory
    elif optional:
        arguments["default"] = default
    if resolver is not None:
        if subscribes:
            return strawberry.subscription(resolver=resolver, **arguments)
        return strawberry.field(resolver=resolver, **arguments)
    return strawberry.field(**arguments)


def takes(form: Form, *, description: str, example: str | None = None) -> Any:
    """An argument that is a text of this form, for `Annotated`."""
    metadata: dict[str, Any] = {KEYWORDS: form.keywords}
    if example is not None:
        metadata["example"] = example
    return strawberry.argument(description=description, metadata=metadata)


def any_scope(scopes: Sequence[Scope]) -> Callable[..., Any]:
    """`scoped` with the scopes of a whole type filled in: `field = any_scope([A, B])`, then `field(description=…)`."""

    def declare(**options: Any) -> Any:
        return scoped(*scopes, **options)

    return declare
