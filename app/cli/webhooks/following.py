"""What became of deliveries, and sending again."""

import json
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.chosen_school import SchoolOption
from app.cli.instance import DataOption, JsonOption
from app.cli.webhooks.managing import EndpointArgument
from app.cli.webhooks.running import EVERYBODY, in_school, in_zone, until_done
from app.cli.webhooks.shown import Attempted, delivery_row, print_deliveries, print_delivery, print_queued
from app.core.clock import SystemClock
from app.core.pagination import LARGEST_PAGE
from app.domains.events.topics import Topic
from app.domains.partners.tables import School
from app.domains.webhooks.reads import DeliveryFilter, attempts_of, find_delivery, list_deliveries
from app.domains.webhooks.records import DeliveryRecord, Queued
from app.domains.webhooks.service import ReplayFilter, recover_deliveries, replay_deliveries, replay_delivery
from app.domains.webhooks.tables import STATES

DELIVERY = "The delivery's id, or its webhook-id for the newest one with it."
State = Annotated[str, typer.Option(help=f"How far they are: {', '.join(STATES)}.")]
Since = Annotated[datetime, typer.Option(help="Events recorded since this moment, in the school's time zone.")]


def deliveries(
    endpoint: Annotated[UUID | None, typer.Option(help="Only to this endpoint.")] = None,
    state: Annotated[str | None, typer.Option(help=f"Only those that are: {', '.join(STATES)}.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only of this type of event.")] = None,
    first: Annotated[int, typer.Option(help="How many.", min=1, max=LARGEST_PAGE)] = 20,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """The latest deliveries."""
    which = DeliveryFilter(endpoint, _states(state), _known(topic))

    async def read(session: AsyncSession, _: School) -> list[Attempted]:
        page = await list_deliveries(session, EVERYBODY, which, first=first)
        attempts = await attempts_of(session, [each.key for each in page.items])
        return list(zip(page.items, attempts, strict=True))

    print_deliveries(in_school(data, school, read), as_json)


def delivery(
    delivery: Annotated[str, typer.Argument(help=DELIVERY)],
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """One delivery and its attempts: when, how each ended, and the beginning of what came back."""

    async def read(session: AsyncSession, _: School) -> Attempted:
        found = await find_delivery(session, EVERYBODY, delivery)
        [attempts] = await attempts_of(session, [found.key])
        return found, attempts

    print_delivery(in_school(data, school, read), as_json)


def replay(
    delivery: Annotated[str | None, typer.Argument(help=DELIVERY)] = None,
    endpoint: Annotated[UUID | None, typer.Option(help="Instead of one: those of this endpoint that ended.")] = None,
    state: State = "exhausted",
    topic: Annotated[str | None, typer.Option(help="Only of this type of event.")] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only events recorded since this moment, in the school's time zone.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="Only events recorded before this moment, in the school's time zone.")
    ] = None,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send one delivery again, or those of an endpoint that ended in some way."""
    if (delivery is None) == (endpoint is None):
        raise typer.BadParameter("give either the id of a delivery or --endpoint")
    if delivery is not None:
        named = delivery

        async def again(session: AsyncSession, _: School) -> DeliveryRecord:
            return await replay_delivery(session, EVERYBODY, named)

        row = delivery_row((in_school(data, school, again), ()))
        print(json.dumps(row) if as_json else f"{row['id']} queued")
        return
    chosen, states, only = endpoint, _states(state), _known(topic)

    async def some(session: AsyncSession, where: School, after: UUID | None) -> Queued:
        assert chosen is not None
        which = ReplayFilter(states, only, in_zone(since, where), in_zone(until, where))
        return await replay_deliveries(session, EVERYBODY, chosen, which, after=after)

    print_queued(until_done(data, school, "Replaying", some), as_json)


def recover(
    endpoint: EndpointArgument,
    since: Since,
    school: SchoolOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send every event since a moment that the endpoint wants and that neither arrived nor is on its way.

    That includes what happened before the endpoint was made; 90 days back at most. Again adds nothing.
    """

    async def some(session: AsyncSession, where: School, after: UUID | None) -> Queued:
        start = in_zone(since, where)
        assert start is not None
        return await recover_deliveries(session, EVERYBODY, endpoint, since=start, now=SystemClock().now(), after=after)

    print_queued(until_done(data, school, "Recovering", some), as_json)


def _states(state: str | None) -> tuple[str, ...]:
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"“{state}” is no state: {', '.join(STATES)}")
    return () if state is None else (state,)


def _known(topic: str | None) -> str | None:
    if topic is not None and topic not in set(Topic):
        raise typer.BadParameter(f"“{topic}” is no topic: {', '.join(sorted(Topic))}")
    return topic
