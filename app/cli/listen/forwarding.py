"""Events to a local program, one after the other, signed and enveloped by the very code that sends webhooks."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from app.core.clock import Clock
from app.core.outbound import Client, NameServers, Policy, verifying_context
from app.core.signing import Signer
from app.delivery.sender import HttpSender
from app.domains.webhooks.envelope import Happened, webhook_id, write_envelope
from app.domains.webhooks.outcomes import Kind, Outcome, PreparedDelivery

TIMEOUT = 15.0
"""Seconds, as for an endpoint."""
PORTS = frozenset({80, 443, 8443})
NOBODY_THERE = frozenset({Kind.CONNECT, Kind.DNS})
ABOUT = ("matricule", "number", "code", "zone", "period", "fiscal_year", "piece_ref", "badge", "host")
"""The facts that tell best whom or what an event is about, the best first."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what follows: `again_in` seconds until the next one, None where this was the last."""

    event: Mapping[str, Any]
    webhook_id: str
    number: int
    outcome: Outcome
    again_in: float | None

    @property
    def about(self) -> str:
        """A word for people on what the event is about."""
        data: Mapping[str, Any] = self.event["data"]
        return next((str(data[name]) for name in ABOUT if data.get(name)), "")


def pause_after(outcome: Outcome, number: int, wrong: int, schedule: Sequence[float]) -> float | None:
    """Seconds until the next attempt; None where there is none. `wrong` of `number` attempts found the program.

    A program that is not there is waited for. One that answers wrongly gets as many more attempts as the schedule has.
    """
    if outcome.ok:
        return None
    if outcome.kind in NOBODY_THERE:
        return schedule[min(number, len(schedule)) - 1]
    return schedule[wrong - 1] if wrong <= len(schedule) else None


class Forwarder:
    """`url` may be anything that a developer's machine reaches. Raises UrlRefused for what is no URL."""

    def __init__(
        self, url: str, *, secret: bytes, school: str, thin: bool, schedule: Sequence[float], clock: Clock
    ) -> None:
        policy = Policy.development(PORTS)
        self._sender = HttpSender(Client(policy, NameServers(), verifying_context()), policy)
        self._url, self._signer, self._school, self._thin = url, Signer(secret), school, thin
        self._schedule, self._clock = schedule, clock
        self._endpoint = uuid5(NAMESPACE_URL, url)

    async def deliver(self, event: Mapping[str, Any]) -> AsyncIterator[Attempt]:
        """Each attempt as it ends, until the event has arrived or is given up."""
        number, wrong, again_in = 0, 0, 0.0
        happened = happened_of(event)
        identifier = webhook_id(happened.id, self._endpoint)
        body = write_envelope(happened, self._school, thin=self._thin)
        while True:
            await asyncio.sleep(again_in)
            number += 1
            outcome = await self._sender.send(self._prepare(identifier, body))
            wrong += outcome.kind not in NOBODY_THERE
            pause = pause_after(outcome, number, wrong, self._schedule)
            yield Attempt(event, identifier, number, outcome, pause)
            if pause is None:
                return
            again_in = pause

    def _prepare(self, identifier: str, body: bytes) -> PreparedDelivery:
        return PreparedDelivery(
            webhook_id=identifier,
            endpoint_id=self._endpoint,
            url=self._url,
            headers=(),
            body=body,
            sent_at=self._clock.now(),
            timeout=TIMEOUT,
            signers=(self._signer,),
        )


def happened_of(event: Mapping[str, Any]) -> Happened:
    """From an event as the API shows it."""
    return Happened(
        id=UUID(event["id"]),
        type=event["topic"],
        subject=UUID(event["subject"]),
        facts=orjson.dumps(event["data"]).decode(),
        occurred_at=datetime.fromisoformat(event["occurredAt"]),
        schema_version=event["schemaVersion"],
    )
