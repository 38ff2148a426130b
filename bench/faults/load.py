"""The load: issues invoices through the public API, each under a key of its own, and insists until it is told so.

    python -m bench.faults.load URL KEY LEDGER MATRICULE…

A line of the ledger is `key invoice-id number when`, for each time it was told; one in eight is asked for once more,
and must be told the same. SIGTERM ends it, once everything that was begun is acknowledged. It prints what it met.
"""

import asyncio
import json
import re
import signal
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TextIO

import aiohttp
import uvloop

LANES = 8
ECHO_ONE_IN = 8
PAUSE_SECONDS = 0.1
PATIENCE_SECONDS = 15
"""For one answer. A request that a killed server had accepted never gets one."""
ISSUE = """
mutation Issue($input: IssueInvoiceInput!, $key: String!) {
  issueInvoice(input: $input, idempotencyKey: $key) {
    __typename ... on Invoice { id number }
  }
}
"""
RETRY_CODES = frozenset({"IDEMPOTENCY_IN_FLIGHT", "UNAVAILABLE", "TIMEOUT"})
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
READABLE = frozenset({200, 409, 504})
"""Statuses whose bodies say by a code whether to try again."""


@dataclass
class Load:
    url: str
    key: str
    matricules: list[str]
    ledger: TextIO
    met: Counter[str] = field(default_factory=Counter)
    """What went otherwise than well, by its name. `strange: …` is what a client must never see."""
    leaving: bool = False

    async def lane(self, session: aiohttp.ClientSession, number: int) -> None:
        for turn in count():
            if self.leaving:
                return
            matricule = self.matricules[(turn * LANES + number) % len(self.matricules)]
            key = uuid.uuid4().hex
            await self._issue(session, key, matricule)
            if turn % ECHO_ONE_IN == 0:
                await self._issue(session, key, matricule)

    async def _issue(self, session: aiohttp.ClientSession, key: str, matricule: str) -> None:
        while (told := await self._ask(session, key, matricule)) is None:
            await asyncio.sleep(PAUSE_SECONDS)
        self.ledger.write(f"{key} {told['id']} {told['number']} {time.time():.6f}\n")
        self.ledger.flush()

    async def _ask(self, session: aiohttp.ClientSession, key: str, matricule: str) -> dict[str, Any] | None:
        body = {"query": ISSUE, "variables": {"key": key, "input": _invoice(key, matricule)}}
        try:
            async with session.post(self.url, json=body, headers={"x-api-key": self.key}) as answer:
                return self._read(answer, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.met[type(error).__name__] += 1
            return None

    def _read(self, answer: aiohttp.ClientResponse, body: bytes) -> dict[str, Any] | None:
        if answer.status == 503:
            patient = "retry-after" in answer.headers
            self.met["503" if patient else "strange: 503 without Retry-After"] += 1
            return None
        if answer.status not in READABLE:
            self.met[f"strange: {answer.status} {_without_ids(body.decode(errors='replace'))}"] += 1
            return None
        return self._unwrap(json.loads(body))

    def _unwrap(self, said: dict[str, Any]) -> dict[str, Any] | None:
        made = (said.get("data") or {}).get("issueInvoice")
        if made and made["__typename"] == "Invoice":
            return dict(made)
        codes = {error.get("extensions", {}).get("code") for error in said.get("errors", ())}
        known = codes and codes <= RETRY_CODES
        self.met[" ".join(sorted(codes)) if known else f"strange: {_without_ids(json.dumps(said))}"] += 1
        return None


def acknowledgements_of(events: int) -> int:
    """So many lines of the ledger are as many events, some of them asked for once more."""
    return events * (ECHO_ONE_IN + 1) // ECHO_ONE_IN


def _without_ids(said: str) -> str:
    """The same answer is counted as the same, whatever its request was called."""
    return _UUID.sub("…", said)[:300]


def _invoice(key: str, matricule: str) -> dict[str, Any]:
    part = {"dueOn": "2030-01-31", "amount": "1000"}
    return {"matricule": matricule, "kind": "tuition", "label": key, "currency": "XOF", "instalments": [part]}


async def main(url: str, key: str, ledger: Path, *matricules: str) -> None:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    with ledger.open("a") as file:
        load = Load(url, key, list(matricules), file)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: setattr(load, "leaving", True))
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
            await asyncio.gather(*(load.lane(session, number) for number in range(LANES)))
    print(json.dumps(load.met), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:]))
