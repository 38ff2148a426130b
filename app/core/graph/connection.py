"""Keyset connections: their arguments, their pages, and where a page ends.

    Students = Connection[Student]      # StudentConnection in the schema, with StudentEdge

A connection is read with `read_cursor` and answered with `Connection.of`, both under one name, which tells the list
and its order: a cursor of another list or order is refused.
"""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Generic, Self, TypeVar

import strawberry

from app.core.bounds import Bounds
from app.core.graph.context import Context
from app.core.graph.scoped import KEYWORDS, any_scope
from app.core.pagination import LARGEST_PAGE, Cursors, Page, Position
from app.core.scopes import Scope

Node = TypeVar("Node")
Record = TypeVar("Record")

First = Annotated[
    int,
    strawberry.argument(
        description="How many items to give: 1 to 100.",
        metadata={"example": 20, KEYWORDS: Bounds(1, LARGEST_PAGE).keywords},
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(description="The `endCursor` of the page before; null for the first page."),
]


@strawberry.enum(description="In which order of time a list comes.")
class Chronology(Enum):
    oldest = strawberry.enum_value("oldest", description="The oldest first: a reader who goes on misses nothing.")
    newest = strawberry.enum_value("newest", description="The newest first: for people who look.")


Order = Annotated[Chronology, strawberry.argument(description="Which end of the list comes first.")]

# The field that gives a connection, and the fields of its nodes, say who may read them.
_told_to_everyone = any_scope(list(Scope))


@strawberry.type(description="Where a page ends and whether more follow.")
class PageInfo:
    has_next_page: bool = _told_to_everyone(description="Whether more items follow this page.")
    end_cursor: str | None = _told_to_everyone(
        description="Cursor of the last item: give it as `after` for the next page. Null when the page is empty."
    )


@strawberry.type(description="An item and its place in the list.")
class Edge(Generic[Node]):
    cursor: str = _told_to_everyone(description="Give it as `after` to go on from here.")
    node: Node = _told_to_everyone(description="The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    edges: list[Edge[Node]] = _told_to_everyone(description="The items with their cursors.")
    nodes: list[Node] = _told_to_everyone(description="The items alone.")
    page_info: PageInfo = _told_to_everyone(description="Where the page ends.")

    @classmethod
    def of(
        cls,
        context: Context,
        name: str,
        page: Page[Record],
        *,
        show: Callable[[Record], Node],
        position: Callable[[Record], Position],
    ) -> Self:
        """`show` makes the node of a record, `position` tells its place in the order of the list called `name`."""
        cursors = [write_cursor(context, name, position(record)) for record in page.items]
        nodes = [show(record) for record in page.items]
        edges: list[Any] = [Edge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)]
        page_info = PageInfo(has_next_page=page.has_next, end_cursor=cursors[-1] if cursors else None)
        return cls(edges=edges, nodes=nodes, page_info=page_info)


def read_cursor(context: Context, name: str, after: str | None) -> Position | None:
    """Raises BadCursor."""
    if after is None:
        return None
    return context.service(Cursors).read(context.actor.school_id, name, after)


def write_cursor(context: Context, name: str, position: Position) -> str:
    return context.service(Cursors).write(context.actor.school_id, name, position)
