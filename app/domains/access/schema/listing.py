"""Reading passages."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Chronology, Connection, First, Order, read_cursor
from app.core.graph.context import Info
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.access.passage_reads import PassageFilter, list_passages
from app.domains.access.records import PassageRecord
from app.domains.access.schema.passages import Passage
from app.domains.finance.service.checks import instant_of

_to_read = any_scope([Scope.PASSAGES_READ])


@strawberry.input(description="Which passages. What is left out excludes nothing.")
class PassageFilterInput:
    zone: str | None = _to_read(
        description="Through this zone: its code, in any case.", example="RESTAURANT", optional=True, form=IDENTIFIER
    )
    matricule: str | None = _to_read(
        description="Of this student, in any case.",
        personal=True,
        example="2024/INF/0123",
        optional=True,
        form=IDENTIFIER,
    )
    since: datetime | None = _to_read(
        description="Recorded from this instant on.", example="2025-01-13T00:00:00+00:00", optional=True
    )
    until: datetime | None = _to_read(
        description="Recorded before this instant.", example="2025-01-14T00:00:00+00:00", optional=True
    )
    granted: bool | None = _to_read(
        description="Of those who passed, or of those who were turned away.", example=True, optional=True
    )


async def _passages(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    order: Order = Chronology.oldest,
    filter: Annotated[PassageFilterInput | None, argument(description="Which passages; all where null.")] = None,
) -> Connection[Passage]:
    context, actor = info.context, info.context.actor
    which = _checked(PassageFilter(**plain(filter)) if filter else PassageFilter())
    name = f"passages {order.value} {which}"
    async with context.read() as session:
        page = await list_passages(
            session,
            actor,
            first=page_size(first),
            after=read_cursor(context, name, after),
            which=which,
            newest=order is Chronology.newest,
        )
    context.saw(*(record.student_id for record in page.items if record.student_id))
    return Connection[Passage].of(
        context,
        name,
        page,
        show=lambda record: Passage.of(record, actor.timezone, context.language),
        position=_position,
    )


def _position(record: PassageRecord) -> Position:
    return Position(record.recorded_at, record.id)


def _checked(which: PassageFilter) -> PassageFilter:
    """Raises InvalidInput for an instant without offset: whose midnight would it be?"""
    for name in ("since", "until"):
        moment: datetime | None = getattr(which, name)
        if moment is not None:
            instant_of(moment, f"filter.{name}")
    return which


@strawberry.type
class PassageQuery:
    passages: Connection[Passage] = scoped(
        Scope.PASSAGES_READ,
        description="Who passed and who was turned away, in the order in which it was recorded.",
        resolver=_passages,
        cost=2,
    )
