"""The API as its clients reach it, and the demo school's keys."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.cli.doctor.findings import Finding, bad, good, guarded, warning
from app.core.clock import SystemClock
from app.core.database import Database, Wall
from app.demo.filling import CODE
from app.domains.partners.errors import KeyRefused
from app.domains.partners.keyring import Keyring
from app.domains.partners.presets import PRESETS
from app.settings import Settings

SECONDS = 5.0
OPEN_KEYS = """
SELECT count(*) FROM api_key k JOIN school s ON s.id = k.school_id
WHERE s.code = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
"""


async def service(settings: Settings) -> AsyncIterator[Finding]:
    yield _address(settings.public_url)
    try:
        parts = await asyncio.to_thread(_ready, settings.public_url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(error) or type(error).__name__
        yield bad(
            "API",
            f"{settings.public_url} does not answer: {reason}",
            "Start ./skooly serve, or correct SKOOLY_PUBLIC_URL.",
        )
        return
    down = [name for name, state in parts.items() if state != "up" and name != "keyring"]
    if down:
        yield bad("API", f"answers, without {', '.join(down)}", "See what is said of these above.")
    else:
        yield good("API", f"{settings.public_url} is ready")
    yield keyring(parts.get("keyring"))


def _address(url: str) -> Finding:
    address = urlsplit(url)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
        return warning(
            "public address", url, "Serve it over https and say so in SKOOLY_PUBLIC_URL: keys travel in clear."
        )
    return good("public address", url)


def _ready(url: str) -> Mapping[str, str]:
    """The parts of the API, `up` or `down`. Raises OSError, HTTPException or ValueError."""
    address = urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(address.hostname), address.port, timeout=SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return dict(answer["parts"])


def keyring(state: str | None) -> Finding:
    if state != "up":
        return bad(
            "revocations",
            "the API has not polled the keys' generation",
            "It opens no door until it has: see PostgreSQL.",
        )
    return good("revocations", "the API polled the keys' generation within a second")


async def demo_keys(settings: Settings, kept: Mapping[str, str]) -> Finding:
    """`kept` are those of an embedded instance; a production one should have none."""
    return await guarded("demo keys", _kept(settings, kept) if kept else _left_open(settings))


async def _kept(settings: Settings, kept: Mapping[str, str]) -> Finding:
    refused = []
    async with Database(settings.database_url, pool_size=1) as database:
        doorman = Keyring(database, settings.peppers, SystemClock())
        for preset, key in kept.items():
            try:
                await doorman.authenticate(key, None)
            except KeyRefused:
                refused.append(preset)
    lacking = sorted(PRESETS.keys() - kept.keys())
    if refused or lacking:
        said = "; ".join(
            f"{word}: {', '.join(names)}" for word, names in (("refused", refused), ("none for", lacking)) if names
        )
        return warning("demo keys", said, "./skooly keys issue --partner NAME --preset PRESET makes another.")
    return good("demo keys", f"{len(kept)} presets, each opens its door")


async def _left_open(settings: Settings) -> Finding:
    async with Database(settings.database_url, pool_size=1) as database, database.raw(Wall.auth()) as connection:
        found: Any = await connection.fetchval(OPEN_KEYS, CODE)
    if found:
        return warning(
            "demo keys", f"{found} keys of the demo school are open", "Revoke them: ./skooly keys list, then revoke."
        )
    return good("demo keys", "none")
