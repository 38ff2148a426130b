"""What every keyset connection shares in the schema: its arguments and where its page ends."""

from typing import Annotated

import strawberry

from app.core.graph.context import Context
from app.core.graph.scoped import any_scope
from app.core.pagination import Cursors, Position
from app.core.scopes import Scope

First = Annotated[int, strawberry.argument(description="How many items to give: 1 to 100.")]
After = Annotated[
    str | None,
    strawberry.argument(description="The `endCursor` of the page before; null for the first page."),
]

_told_to_everyone = any_scope(list(Scope))


@strawberry.type(description="Where a page ends and whether more follow.")
class PageInfo:
    has_next_page: bool = _told_to_everyone(description="Whether more items follow this page.")
    end_cursor: str | None = _told_to_everyone(
        description="Cursor of the last item: give it as `after` for the next page. Null when the page is empty."
    )


def read_cursor(context: Context, connection: str, after: str | None) -> Position | None:
    """Raises BadCursor."""
    if after is None:
        return None
    return context.service(Cursors).read(context.actor.school_id, connection, after)


def write_cursor(context: Context, connection: str, position: Position) -> str:
    return context.service(Cursors).write(context.actor.school_id, connection, position)
