"""Making endpoints and changing them."""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry import UNSET, argument

from app.core.crypto import Vault
from app.core.graph.context import Context, Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.outbound.destinations import Destinations
from app.core.scopes import Scope
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.reads import find_endpoint
from app.domains.webhooks.records import EndpointRecord, EndpointWithSecret
from app.domains.webhooks.schema.endpoints import Endpoint, EndpointId, EndpointPayload
from app.domains.webhooks.schema.failures import (
    EndpointInvalidFailure,
    EndpointNotFoundFailure,
    HeaderRefusedFailure,
    SecretErrorFailure,
    TooManyEndpointsFailure,
    TopicErrorFailure,
    UrlRefusedFailure,
)
from app.domains.webhooks.schema.sight import look_first
from app.domains.webhooks.service import (
    NewEndpoint,
    create_endpoint,
    delete_endpoint,
    pause_endpoint,
    resume_endpoint,
    send_test_event,
    unseal,
    update_endpoint,
)
from app.domains.webhooks.service.choices import AT_ONCE, DESCRIPTION, FACT, RATE, SECONDS, refuse_more_than_own

_to_manage = any_scope([Scope.WEBHOOKS_MANAGE])


@strawberry.type(description="An endpoint just made. Its secret is shown this once: keep it.")
class NewEndpointAnswer:
    endpoint: Endpoint = _to_manage(description="The endpoint.")
    secret: str = _to_manage(
        description="What requests are signed with, per Standard Webhooks.",
        example="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )


@strawberry.input(description="A fact that an event must have.")
class EndpointConditionInput:
    fact: str = _to_manage(description="The name of the fact.", example="zone", form=FACT)
    equals: str = _to_manage(description="What it must be: a text.", example="RESTAURANT", form=FACT)


@strawberry.input(description="A header that is added to each request.")
class EndpointHeaderInput:
    name: str = _to_manage(description="Its name: none that Skooly sets itself.", example="Authorization")
    value: str = _to_manage(description="Its value: ASCII, on one line.", example="Bearer 3f9c")


@strawberry.input(description="An endpoint to make.")
class CreateEndpointInput:
    url: str = _to_manage(
        description="Where events are posted: https, a public host.", example="https://recepteur.example/skooly"
    )
    topics: list[str] = _to_manage(
        description="The types of events that it gets; none is all that the key may be told of.",
        example=["student.created"],
        default_factory=list,
    )
    filter: list[EndpointConditionInput] = _to_manage(
        description="Facts that an event must have, all of them; none is every event.", default_factory=list
    )
    payload: EndpointPayload = _to_manage(
        description="How much an event tells.", example="thin", optional=True, default=EndpointPayload.thin
    )
    description: str = _to_manage(
        description="What it is for, in your words.",
        example="Comptes Moodle",
        optional=True,
        default="",
        form=DESCRIPTION,
    )
    headers: list[EndpointHeaderInput] = _to_manage(
        description="Headers that are added to each request.", default_factory=list
    )
    timeout_seconds: int = _to_manage(
        description="How long a whole request may take: 1 to 15.", example=15, optional=True, default=15, form=SECONDS
    )
    max_in_flight: int = _to_manage(
        description="How many requests at once: 1 to 100.", example=10, optional=True, default=10, form=AT_ONCE
    )
    rate_per_second: int | None = _to_manage(
        description="How many requests a second: 1 to 1000; null is no limit.", example=20, optional=True, form=RATE
    )
    long_tail: bool = _to_manage(
        description="Whether it is tried for three days more, after the first hour.", optional=True, default=False
    )
    secret: str | None = _to_manage(
        description="A secret of your own, `whsec_` and the base64 of 24 to 64 bytes; null has one made.",
        example="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        optional=True,
    )


@strawberry.input(
    description="What to change of an endpoint. What is left out or null stays as it is, but for `ratePerSecond`."
)
class UpdateEndpointInput:
    url: str | None = _to_manage(
        description="Where events are posted now; what waits goes there too.",
        example="https://recepteur.example/skooly",
        optional=True,
        default=UNSET,
    )
    topics: list[str] | None = _to_manage(
        description="The types of events, in place of all there were.",
        example=["student.created"],
        optional=True,
        default=UNSET,
    )
    filter: list[EndpointConditionInput] | None = _to_manage(
        description="Facts that an event must have, in place of all there were.", optional=True, default=UNSET
    )
    payload: EndpointPayload | None = _to_manage(
        description="How much an event tells.", example="full", optional=True, default=UNSET
    )
    description: str | None = _to_manage(
        description="What it is for.", example="Comptes Moodle", optional=True, default=UNSET, form=DESCRIPTION
    )
    headers: list[EndpointHeaderInput] | None = _to_manage(
        description="Headers, in place of all there were.", optional=True, default=UNSET
    )
    timeout_seconds: int | None = _to_manage(
        description="How long a whole request may take: 1 to 15.",
        example=15,
        optional=True,
        default=UNSET,
        form=SECONDS,
    )
    max_in_flight: int | None = _to_manage(
        description="How many requests at once: 1 to 100.", example=10, optional=True, default=UNSET, form=AT_ONCE
    )
    rate_per_second: int | None = _to_manage(
        description="How many requests a second: 1 to 1000; null is no limit.",
        example=20,
        optional=True,
        default=UNSET,
        form=RATE,
    )
    long_tail: bool | None = _to_manage(
        description="Whether it is tried for three days more.", example=True, optional=True, default=UNSET
    )


CreateEndpointResult = Annotated[
    NewEndpointAnswer
    | TooManyEndpointsFailure
    | TopicErrorFailure
    | EndpointInvalidFailure
    | UrlRefusedFailure
    | HeaderRefusedFailure
    | SecretErrorFailure
    | InvalidInputFailure,
    strawberry.union("CreateEndpointResult", description="The endpoint and its secret, or why there is none."),
]
UpdateEndpointResult = Annotated[
    Endpoint
    | EndpointNotFoundFailure
    | TopicErrorFailure
    | EndpointInvalidFailure
    | UrlRefusedFailure
    | HeaderRefusedFailure
    | InvalidInputFailure,
    strawberry.union("UpdateEndpointResult", description="The endpoint as it is now, or why it was not changed."),
]
PauseEndpointResult = Annotated[
    Endpoint | EndpointNotFoundFailure,
    strawberry.union("PauseEndpointResult", description="The endpoint as it is now, or why it was not paused."),
]
ResumeEndpointResult = Annotated[
    Endpoint | EndpointNotFoundFailure | EndpointInvalidFailure,
    strawberry.union("ResumeEndpointResult", description="The endpoint as it is now, or why it was not resumed."),
]
DeleteEndpointResult = Annotated[
    Endpoint | EndpointNotFoundFailure,
    strawberry.union("DeleteEndpointResult", description="The endpoint as it was, or why it was not deleted."),
]
SendTestEventResult = Annotated[
    Endpoint | EndpointNotFoundFailure | EndpointInvalidFailure,
    strawberry.union("SendTestEventResult", description="The endpoint that gets the test, or why there is none."),
]


@expected(CreateEndpointResult)
async def _create_endpoint(
    info: Info,
    input: Annotated[CreateEndpointInput, argument(description="The endpoint.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateEndpointResult:
    context = info.context
    actor, vault, asked = context.actor, context.service(Vault), plain(input)
    new = NewEndpoint(**await _checked(context, asked))
    made = await perform_once(
        context,
        "createEndpoint",
        idempotency_key,
        asked,
        lambda session: create_endpoint(session, Owner.of(actor), actor.partner_id, new, vault),
        EndpointWithSecret,
        concerns=lambda made: (),
    )
    refuse_more_than_own(Owner.of(actor), made.endpoint.topics, made.endpoint.filter)
    return NewEndpointAnswer(endpoint=Endpoint.of(made.endpoint, actor.timezone), secret=unseal(vault, made))


@expected(UpdateEndpointResult)
async def _update_endpoint(
    info: Info,
    endpoint_id: EndpointId,
    input: Annotated[UpdateEndpointInput, argument(description="The changes.")],
) -> UpdateEndpointResult:
    context = info.context
    asked = {name: value for name, value in plain(input).items() if value is not None or name == "rate_per_second"}
    changes = await _checked(context, asked)
    async with context.write() as session:
        vault = context.service(Vault)
        record = await update_endpoint(session, Owner.of(context.actor), endpoint_id, changes, vault)
    return Endpoint.of(record, context.actor.timezone)


async def _checked(context: Context, asked: Mapping[str, Any]) -> dict[str, Any]:
    """As the service takes it. The name is looked up before any transaction. Raises an UrlRefused."""
    given = dict(asked)
    if "url" in given:
        given["target"] = await context.service(Destinations).check(given.pop("url"))
    if "filter" in given:
        given["filter"] = [(each["fact"], each["equals"]) for each in given["filter"]]
    if "headers" in given:
        given["headers"] = [(each["name"], each["value"]) for each in given["headers"]]
    return given


@expected(PauseEndpointResult)
async def _pause_endpoint(info: Info, endpoint_id: EndpointId) -> PauseEndpointResult:
    async with info.context.write() as session:
        return _shown(info, await pause_endpoint(session, Owner.of(info.context.actor), endpoint_id))


@expected(ResumeEndpointResult)
async def _resume_endpoint(info: Info, endpoint_id: EndpointId) -> ResumeEndpointResult:
    async with info.context.write() as session:
        return _shown(info, await resume_endpoint(session, Owner.of(info.context.actor), endpoint_id))


@expected(DeleteEndpointResult)
async def _delete_endpoint(info: Info, endpoint_id: EndpointId) -> DeleteEndpointResult:
    async with info.context.write() as session:
        return _shown(info, await delete_endpoint(session, Owner.of(info.context.actor), endpoint_id))


@expected(SendTestEventResult)
async def _send_test_event(
    info: Info, endpoint_id: EndpointId, idempotency_key: IdempotencyKey = None
) -> SendTestEventResult:
    async def send(session: AsyncSession) -> EndpointRecord:
        return await send_test_event(session, Owner.of(info.context.actor), endpoint_id)

    asked = {"endpoint_id": str(endpoint_id)}
    await look_first(info.context, find_endpoint, endpoint_id)
    tested = await perform_once(
        info.context, "sendTestEvent", idempotency_key, asked, send, EndpointRecord, concerns=lambda made: ()
    )
    return _shown(info, tested)


def _shown(info: Info, record: EndpointRecord) -> Endpoint:
    return Endpoint.of(record, info.context.actor.timezone)


@strawberry.type
class EndpointMutation:
    create_endpoint: CreateEndpointResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Makes an endpoint, which gets what happens from now on. Shows its secret, this once.",
        resolver=_create_endpoint,
        cost=10,
    )
    update_endpoint: UpdateEndpointResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Changes an endpoint. What waits goes out as it is now, or not at all where no longer wanted.",
        resolver=_update_endpoint,
        cost=10,
    )
    pause_endpoint: PauseEndpointResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Holds what is on its way to an endpoint, and what comes, until it is resumed.",
        resolver=_pause_endpoint,
        cost=10,
    )
    resume_endpoint: ResumeEndpointResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Sends again, what was held first. One that had been disabled catches up with what it missed.",
        resolver=_resume_endpoint,
        cost=10,
    )
    delete_endpoint: DeleteEndpointResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Deletes an endpoint and its secrets, and cancels what is on its way.",
        resolver=_delete_endpoint,
        cost=10,
    )
    send_test_event: SendTestEventResult = scoped(
        Scope.WEBHOOKS_MANAGE,
        description="Sends an event `endpoint.tested` to this endpoint alone; it is among its deliveries.",
        resolver=_send_test_event,
        cost=10,
    )
