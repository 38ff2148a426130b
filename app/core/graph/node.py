"""Objects that can be fetched again by one opaque id, whatever their type.

`id` stays what REST calls `id`: the UUID of one table. `nodeId` names the type as well.

To make a type a node:

1.  `class Student(Node)`, with `node_id: strawberry.ID = node_id_field(_of_student)`: its scopes are the type's own;
    whoever makes one gives `node_id=node_id_of("Student", id)`, which leads back to the row by its id.
2.  A batch function in the slice's `loaders.py`: `async (context, ids) -> [record | None]`. Rows of other schools are
    behind the wall; rules about rows (zones, own partner) are its own.
3.  `NODES = (NodeKind(Student, scopes, batch, show),)` in the slice's `schema.py`. `show(record, context)` makes the
    object and says whom it shows: `context.saw(…)`.

What a key may read of a node is decided twice: the authoriser refuses an operation that selects a field the key may not
read, as for any other; and an object whose type none of the key's scopes open is null, as if it were not there.
"""

import asyncio
import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import strawberry

from app.core.errors import InvalidInput
from app.core.graph.context import Context, Info
from app.core.graph.loading import Batch
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope

LONGEST_ID = 200
MOST_NODES = 100
_EXAMPLE = "U3R1ZGVudAABlGAPbyp8PosdL0pbbH2O"

NodeId = Annotated[
    strawberry.ID, strawberry.argument(description="A `nodeId`, as given before.", metadata={"example": _EXAMPLE})
]
NodeIds = Annotated[
    list[strawberry.ID],
    strawberry.argument(description="Up to 100 of them.", metadata={"example": [_EXAMPLE]}),
]


@strawberry.interface(description="An object that can be fetched again by its `nodeId`.")
class Node:
    node_id: strawberry.ID = any_scope(list(Scope))(
        description="Opaque, unique among all types, and the same for as long as the object exists.", example=_EXAMPLE
    )


def node_id_field(declare: Callable[..., Any]) -> Any:
    """`nodeId` of a type, under the scopes of the type."""
    return declare(description="Give it to `node` to fetch the object again. Opaque.", example=_EXAMPLE)


def later_node_id(declare: Callable[..., Any], type_name: str) -> Any:
    """`node_id_field` for a type that is mostly shown without it: made of the private `id` when it is asked for."""

    def resolve(root: Any) -> strawberry.ID:
        return node_id_of(type_name, root.id)

    return declare(
        description="Give it to `node` to fetch the object again. Opaque.", example=_EXAMPLE, resolver=resolve
    )


def node_id_of(type_name: str, id: UUID) -> strawberry.ID:
    return strawberry.ID(urlsafe_b64encode(type_name.encode("ascii") + b"\0" + id.bytes).rstrip(b"=").decode("ascii"))


def read_node_id(text: str) -> tuple[str, UUID] | None:
    """The name of the type and the row's id; None for what `node_id_of` has not written."""
    try:
        raw = urlsafe_b64decode(text[:LONGEST_ID].encode("ascii") + b"==")
        name, key = raw[:-17].decode("ascii"), UUID(bytes=raw[-16:])
    except (binascii.Error, ValueError):
        return None
    return (name, key) if node_id_of(name, key) == text else None


@dataclass(frozen=True)
class NodeKind:
    """A type that `node` gives, to keys with one of `scopes`. `batch` reads rows by id; `show` makes one an object."""

    type: type[Any]
    scopes: Sequence[Scope]
    batch: Batch[Context, UUID, Any]
    show: Callable[[Any, Context], Node]

    @property
    def name(self) -> str:
        name: str = self.type.__strawberry_definition__.name
        return name


class Nodes:
    """Every kind of node there is, by the name of its type."""

    def __init__(self, kinds: Sequence[NodeKind]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self.scopes = sorted({scope for kind in kinds for scope in kind.scopes})

    async def find(self, context: Context, node_id: str) -> Node | None:
        """None for an id that leads nowhere, or not for this key."""
        read = read_node_id(node_id)
        kind = self._kinds.get(read[0]) if read else None
        if read is None or kind is None or context.actor.scopes.isdisjoint(kind.scopes):
            return None
        record = await context.load(kind.batch, read[1])
        return None if record is None else kind.show(record, context)


def node_roots(kinds: Sequence[NodeKind]) -> type:
    """A mixin of `Query`: `node` and `nodes`, open to the scopes that open any of the kinds."""
    registry = Nodes(kinds)

    async def find_node(info: Info, node_id: NodeId) -> Node | None:
        return await registry.find(info.context, node_id)

    async def find_nodes(info: Info, node_ids: NodeIds) -> list[Node | None]:
        if len(node_ids) > MOST_NODES:
            raise InvalidInput(
                field="nodeIds",
                reason_fr=f"{MOST_NODES} identifiants au plus",
                reason_en=f"at most {MOST_NODES} identifiers",
            )
        return list(await asyncio.gather(*(registry.find(info.context, node_id) for node_id in node_ids)))

    @strawberry.type
    class NodeQuery:
        node: Node | None = scoped(
            *registry.scopes,
            description="The object with this `nodeId`; null when there is none, or none for this key.",
            resolver=find_node,
        )
        nodes: list[Node | None] = scoped(
            *registry.scopes,
            description="The objects with these `nodeId`s, in their order, fetched together; null where `node` is.",
            resolver=find_nodes,
            sized_by="nodeIds",
        )

    return NodeQuery
