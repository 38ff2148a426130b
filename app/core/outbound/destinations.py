"""Whether something may be sent to a URL, asked when it is saved: what it says, and where its name leads now."""

import asyncio

from app.core.outbound.errors import AddressNotPublic, AddressRefused, NameUnresolved, NoSocketLeft
from app.core.outbound.policy import Policy
from app.core.outbound.resolver import Resolver
from app.core.outbound.urls import FIELD, Target, read_url

SECONDS = 1.5
"""For the look-up: whoever saves is waiting."""


class Destinations:
    """One for a process. What it lets pass is vetted again at every request: names move."""

    def __init__(self, policy: Policy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver

    async def check(self, url: str) -> Target:
        """Raises an UrlRefused. A name that nobody knows yet may be saved: the first attempt will say so."""
        target = read_url(url, self._policy)
        try:
            async with asyncio.timeout(SECONDS):
                await self._resolver.addresses_of(target)
        except AddressRefused:
            raise AddressNotPublic(field=FIELD, host=target.host) from None
        except (NameUnresolved, NoSocketLeft, TimeoutError):
            pass
        return target
