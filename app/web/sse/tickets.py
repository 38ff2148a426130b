"""Tickets for the browser: EventSource can set no header, and a key must not stand in a URL.

Whoever holds a key asks for a ticket and hands it to a page. It opens the event stream alone, for some topics, for ten
minutes of connecting: a stream that is open then stays open, for as long as the key is good.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from app.core.clock import Clock
from app.domains.partners.errors import KeyRefused

LIFETIME = timedelta(minutes=10)
LONGEST = 2_000


class TicketRefused(KeyRefused):
    """As the refusal of a key, so that it is told in the same way: not one of ours, or too old."""

    fr = "Ce ticket est inconnu ou expiré. Demandez-en un autre : POST /v1/events/tickets."
    en = "This ticket is unknown or has expired. Ask for another: POST /v1/events/tickets."


@dataclass(frozen=True, slots=True)
class Grant:
    """What a ticket opens. `topics` None are all that the key may read."""

    key_id: str
    topics: tuple[str, ...] | None


class Tickets:
    """One per process, with the secret that every process shares."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._clock = clock
        self._serializer = URLSafeSerializer(
            secret, salt="event-ticket", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )

    def write(self, grant: Grant) -> tuple[str, datetime]:
        """The ticket, and until when it opens."""
        expires_at = self._clock.now() + LIFETIME
        content = [grant.key_id, None if grant.topics is None else list(grant.topics), int(expires_at.timestamp())]
        return str(self._serializer.dumps(content)), expires_at

    def read(self, ticket: str) -> Grant:
        """Raises TicketRefused."""
        if len(ticket) > LONGEST:
            raise TicketRefused
        try:
            key_id, topics, expires_at = self._serializer.loads(ticket)
        except (BadData, UnicodeError):
            raise TicketRefused from None
        if expires_at <= self._clock.now().timestamp():
            raise TicketRefused
        return Grant(key_id, None if topics is None else tuple(topics))
