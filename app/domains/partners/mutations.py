"""What every creating mutation does around its service: one transaction, one idempotency key, one audit row."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.graph.context import Context
from app.core.graph.scoped import takes
from app.domains.partners.idempotency import KEY, once

Record = TypeVar("Record")

IdempotencyKey = Annotated[
    str | None,
    takes(
        KEY,
        description="Repeating the mutation with the same key repeats its answer, not its effect.",
        example="2025-01-13-0042",
    ),
]


async def perform_once(
    context: Context,
    operation: str,
    key: str | None,
    asked: Mapping[str, Any],
    perform: Callable[[AsyncSession], Awaitable[Record]],
    record: type[Record],
    *,
    concerns: Callable[[Record], Iterable[UUID]],
) -> Record:
    """What `perform` made, or made the first time under this key. `operation` is the mutation's name in the schema.

    `asked` is the input as plain values. `record` is the dataclass that `perform` answers with: it goes through JSON.
    `concerns` tells the students whose data it shows. Raises what `perform` and `once` raise.
    """
    adapter: TypeAdapter[Record] = _adapter(record)  # type: ignore[arg-type]  # a class can be hashed
    async with context.write() as session:
        made: Record = await once(
            session,
            context.actor,
            operation=operation,
            key=key,
            payload=asked,
            perform=lambda: perform(session),
            encode=lambda outcome: adapter.dump_python(outcome, mode="json"),
            decode=adapter.validate_python,
        )
        context.saw(*concerns(made))
    return made


@cache
def _adapter(record: Any) -> TypeAdapter[Any]:
    """Making one takes longer than using it a hundred times."""
    return TypeAdapter(record)
