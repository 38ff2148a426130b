"""Thousands of subscribers in one process: as little of the protocol as counting needs."""

import asyncio
import base64
import contextlib
import json
import os
import struct
import time
from collections.abc import Callable
from typing import Any

COME_BACK_SECONDS = 0.2
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Lost(Exception):
    """The server has closed a socket that was to stay."""


class Subscriber(asyncio.Protocol):
    """Shakes hands, introduces itself, subscribes, and notes when each `next` came; `end` is how and when it ended."""

    def __init__(self, query: str, key: str | None, heard: Callable[[float], None], lost: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.begun: asyncio.Future[None] = loop.create_future()
        self.end: asyncio.Future[tuple[int, float]] = loop.create_future()
        self._query, self._key, self._heard, self._lost = query, key, heard, lost
        self._buffer = b""
        self._shaken = False
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        nonce = base64.b64encode(os.urandom(16)).decode()
        head = (
            "GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            f"sec-websocket-version: 13\r\nsec-websocket-key: {nonce}\r\n"
            "sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        )
        transport.write(head.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.begun.done():
            self.begun.set_exception(exc or ConnectionResetError())
        self._lost()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._shaken:
            head, separator, rest = self._buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._shaken, self._buffer = True, rest
            self._say({"type": "connection_init", "payload": {"X-API-KEY": self._key} if self._key else {}})
        self._read()

    def _read(self) -> None:
        buffer, place = self._buffer, 0
        while len(buffer) - place >= 2:
            size, start = buffer[place + 1] & 127, place + 2
            if size == 126:
                if len(buffer) < start + 2:
                    break
                size, start = struct.unpack_from("!H", buffer, start)[0], start + 2
            if len(buffer) < start + size:
                break
            kind, payload = buffer[place] & 15, buffer[start : start + size]
            if kind == TEXT:
                self._message(payload)
            elif kind == PING:
                self._frame(PONG, payload)
            elif kind == CLOSE and not self.end.done():
                self.end.set_result((struct.unpack_from("!H", buffer, start)[0], time.perf_counter()))
            place = start + size
        self._buffer = buffer[place:]

    def _message(self, text: bytes) -> None:
        if b'"connection_ack"' in text[:40]:
            self._say({"type": "subscribe", "id": "1", "payload": {"query": self._query}})
        elif not self.begun.done():
            assert b'"next"' in text, text
            self.begun.set_result(None)
        elif b'"Checkpoint"' not in text:
            self._heard(time.perf_counter())

    def _say(self, message: dict[str, object]) -> None:
        self._frame(TEXT, json.dumps(message).encode())

    def _frame(self, kind: int, payload: bytes) -> None:
        size = bytes([128 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
        self.transport.write(bytes([128 | kind]) + size + b"\0\0\0\0" + payload)  # a mask of zeros masks nothing


class Crowd:
    """Its subscribers, and what they have heard together."""

    def __init__(self, address: tuple[str, int], query: str) -> None:
        self._address, self._query = address, query
        self.members: list[Subscriber] = []
        self.times: list[float] = []
        self._enough = asyncio.Event()
        self._wanted = 0
        self._leaving = False
        self._one_lost = False
        self.refused = 0
        """How often one was told to come back later."""

    async def join(self, keys: list[str | None], at_once: int = 50) -> float:
        """One subscriber for each key; how many seconds it took until all had begun."""
        started = time.perf_counter()
        gate = asyncio.Semaphore(at_once)
        await asyncio.gather(*(self._one(key, gate) for key in keys))
        return time.perf_counter() - started

    async def _one(self, key: str | None, gate: asyncio.Semaphore) -> None:
        """Whoever is told to come back later, does."""
        async with gate:
            while not await self._begun(key):
                self.refused += 1
                await asyncio.sleep(COME_BACK_SECONDS)

    async def _begun(self, key: str | None) -> bool:
        loop = asyncio.get_running_loop()
        _, member = await loop.create_connection(
            lambda: Subscriber(self._query, key, self._hear, lambda: self._lose(member)), *self._address
        )
        with contextlib.suppress(ConnectionError):
            await member.begun
            self.members.append(member)
            return True
        return False

    def _hear(self, when: float) -> None:
        self.times.append(when)
        if len(self.times) >= self._wanted:
            self._enough.set()

    def _lose(self, member: Subscriber) -> None:
        if not self._leaving and member in self.members:
            self._one_lost = True
            self._enough.set()

    async def heard(self, count: int) -> list[float]:
        """When each of the next `count` deliveries came. Raises Lost."""
        self._wanted = count
        if len(self.times) < count:
            self._enough.clear()
            await self._enough.wait()
        if self._one_lost:
            raise Lost
        times, self.times = self.times[:count], self.times[count:]
        return times

    async def leave(self) -> None:
        self._leaving = True
        for member in self.members:
            member.transport.abort()
        await asyncio.sleep(0)
        self.members.clear()
        self._leaving = False
