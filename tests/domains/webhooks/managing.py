"""An integration that manages its endpoints over GraphQL, as a test asks for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.core.actor import Actor
from app.core.clock import Clock
from app.core.crypto import Vault
from app.core.database import Database
from app.core.outbound import NameServers, Policy, Resolver
from app.core.outbound.destinations import Destinations
from app.domains.webhooks.schema import Mutation, Query
from tests.support.factories.webhooks import VAULT
from tests.support.name_server import ADDRESS, NameServer, always, name_server
from tests.support.operations import Asker

URL = "https://hook.example.org/skooly"
ENDPOINT = "id url description topics filter { fact equals } payload headerNames status disabledReason breaker longTail"
CREATE = f"""mutation ($input: CreateEndpointInput!, $key: String) {{
    createEndpoint(input: $input, idempotencyKey: $key) {{ __typename
        ... on NewEndpointAnswer {{ secret endpoint {{ {ENDPOINT} }} }}
        ... on Failure {{ code message field }} }} }}"""
LIST = """query ($first: Int! = 20, $after: String, $filter: DeliveryFilterInput) {
    deliveries(first: $first, after: $after, filter: $filter) {
        nodes { id webhookId endpointId topic replay state attemptCount dueAt endedAt
            attempts { number outcome explanation status error milliseconds response } }
        pageInfo { hasNextPage endCursor } } }"""


def mutation(name: str, fields: str, **types: str) -> str:
    """A document that asks one mutation for `fields`, or for the failure."""
    declared = ", ".join(f"${argument}: {type_}" for argument, type_ in types.items())
    given = ", ".join(f"{argument}: ${argument}" for argument in types)
    return f"mutation ({declared}) {{ {name}({given}) {{ __typename {fields} ... on Failure {{ code field }} }} }}"


@asynccontextmanager
async def asking(database: Database, clock: Clock) -> AsyncIterator[tuple[Asker, NameServer]]:
    """The schema of webhooks, with the production policy and a name server that knows some hosts."""
    async with name_server() as names:
        names.zones |= {"hook.example.org": always("8.8.8.8"), "inside.example.org": always("10.0.0.1")}
        policy = Policy(own=("api.skooly.example", 443))
        services = {
            Vault: VAULT,
            Destinations: Destinations(policy, Resolver(NameServers([ADDRESS], names.port), policy)),
        }
        yield Asker(database, clock, [Query], [Mutation], services=services), names


class Manager:
    """Asks in the name of one integration."""

    def __init__(self, asker: Asker, actor: Actor) -> None:
        self.asker, self.actor = asker, actor

    async def create(self, *, key: str | None = None, **given: Any) -> dict[str, Any]:
        """What was answered: the endpoint with its secret, or the failure."""
        asked = {"url": URL, **given}
        return dict((await self.asker.data(self.actor, CREATE, input=asked, key=key))["createEndpoint"])

    async def endpoint(self, **given: Any) -> str:
        """The id of an endpoint just made."""
        answer = await self.create(**given)
        assert answer["__typename"] == "NewEndpointAnswer", answer
        return str(answer["endpoint"]["id"])

    async def on(self, name: str, endpoint: str, fields: str = f"... on Endpoint {{ {ENDPOINT} }}") -> dict[str, Any]:
        """A mutation that takes an endpoint and no more."""
        data = await self.asker.data(self.actor, mutation(name, fields, endpointId="UUID!"), endpointId=endpoint)
        return dict(data[name])

    async def update(self, endpoint: str, **changes: Any) -> dict[str, Any]:
        fields = f"... on Endpoint {{ {ENDPOINT} }}"
        text = mutation("updateEndpoint", fields, endpointId="UUID!", input="UpdateEndpointInput!")
        data = await self.asker.data(self.actor, text, endpointId=endpoint, input=changes)
        return dict(data["updateEndpoint"])

    async def rotate(self, endpoint: str, hours: int, key: str | None = None) -> dict[str, Any]:
        text = mutation(
            "rotateEndpointSecret",
            "... on RotatedSecret { secret oldExpiresAt }",
            endpointId="UUID!",
            input="RotateEndpointSecretInput!",
            idempotencyKey="String",
        )
        given = {"endpointId": endpoint, "input": {"overlapHours": hours}, "idempotencyKey": key}
        return dict((await self.asker.data(self.actor, text, **given))["rotateEndpointSecret"])

    async def replay(self, delivery: str, key: str | None = None) -> dict[str, Any]:
        text = mutation(
            "replayDelivery",
            "... on Delivery { id webhookId replay state }",
            deliveryId="String!",
            idempotencyKey="String",
        )
        data = await self.asker.data(self.actor, text, deliveryId=delivery, idempotencyKey=key)
        return dict(data["replayDelivery"])

    async def replay_some(self, endpoint: str, after: str | None = None, **which: Any) -> dict[str, Any]:
        text = mutation(
            "replayDeliveries",
            "... on QueuedDeliveries { count hasMore endCursor }",
            endpointId="UUID!",
            input="ReplayDeliveriesInput!",
            after="String",
        )
        data = await self.asker.data(self.actor, text, endpointId=endpoint, input=which, after=after)
        return dict(data["replayDeliveries"])

    async def recover(self, endpoint: str, since: str, after: str | None = None) -> dict[str, Any]:
        text = mutation(
            "recoverDeliveries",
            "... on QueuedDeliveries { count hasMore endCursor }",
            endpointId="UUID!",
            input="RecoverDeliveriesInput!",
            after="String",
        )
        data = await self.asker.data(self.actor, text, endpointId=endpoint, input={"since": since}, after=after)
        return dict(data["recoverDeliveries"])

    async def deliveries(self, **asked: Any) -> list[dict[str, Any]]:
        return list((await self.asker.data(self.actor, LIST, **asked))["deliveries"]["nodes"])

    async def endpoints(self) -> list[str]:
        data = await self.asker.data(self.actor, "{ endpoints { nodes { id } } }")
        return [node["id"] for node in data["endpoints"]["nodes"]]
