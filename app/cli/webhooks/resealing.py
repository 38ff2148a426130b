"""`skooly webhooks reseal`: secrets under the newest key."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict

from app.cli.failure import CommandFailed
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.ringing import open_database
from app.cli.steps import bar
from app.core.crypto import Vault
from app.domains.webhooks.resealing import Resealed
from app.domains.webhooks.resealing import reseal as reseal_all
from app.settings import Settings


def reseal(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Seal secrets and headers anew under the newest of SKOOLY_SECRET_KEYS, in every school. Again does nothing.

    Every server and worker must have that key already.
    """

    async def run(settings: Settings, tell: Callable[[int, int], None]) -> Resealed:
        async with open_database(settings) as database:
            return await reseal_all(database, vault, tell)

    with open_instance(data) as settings, bar("Sealing anew") as tell:
        vault = Vault(settings.sealing_keys)
        done = asyncio.run(run(settings, tell))
    if as_json:
        print(json.dumps({"key_version": vault.newest, **asdict(done)}))
    else:
        print(f"{done.secrets} secrets and the headers of {done.headers} endpoints sealed under version {vault.newest}")
    if done.unreadable:
        raise CommandFailed(
            f"{done.unreadable} could not be opened: put the key they were sealed with back into SKOOLY_SECRET_KEYS, "
            "or rotate these endpoints' secrets (the log names them)."
        )
