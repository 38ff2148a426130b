"""Reading an answer, of which only the beginning is wanted, from a server that may mean ill."""

from dataclasses import dataclass

import httptools

from app.core.outbound.addresses import Address
from app.core.outbound.errors import AnswerUnreadable, HeadTooLarge

MOST_HEAD = 16_384
MOST_READ = 16_384
MOST_KEPT = 1_024
PIECE = 4_096
"""What is parsed before the limits are looked at again."""


@dataclass(slots=True)  # frozen it would take four times as long to make, and one is made for each request
class Answer:
    """`body` is its first KB, as it came: never decompressed. `headers` are by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes
    peer: str
    """The address it came from."""

    @property
    def text(self) -> str:
        """The body for a person; what is no UTF-8 or cannot be stored as text is replaced."""
        return self.body.decode("utf-8", "replace").replace("\0", "\ufffd")


class Reading:
    """The answers of a connection, one after another: `begin` before each, and `feed` says when it is over."""

    def __init__(self, address: Address) -> None:
        self._peer = str(address)
        self._parser = httptools.HttpResponseParser(self)  # it and this hold each other: not to be made for each answer
        self.begin()

    def begin(self) -> None:
        """To be called again only after an answer that left the connection `reusable`."""
        self._room = MOST_HEAD
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._status = 0
        self._in_body = False
        self._whole = False
        self._overrun = False
        self.begun = False
        self.reusable = False
        """Whether the connection may carry another request: the answer was read to its end and nothing came after."""

    def feed(self, data: bytes) -> Answer | None:
        """The answer, once it is whole or as much as is wanted of it was read.

        Raises AnswerUnreadable, HeadTooLarge.
        """
        self.begun = True
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            self._room -= len(piece)
            self._parse(piece)
            if self._whole:
                self.reusable &= not self._overrun and start + PIECE >= len(data)
                return self._answer()
            if self._room <= 0:
                return self._answer_cut_short()
        return None

    def end(self) -> Answer | None:
        """The answer, when the connection ends where an answer without a length may end."""
        if not self._in_body or "content-length" in self._headers or "transfer-encoding" in self._headers:
            return None
        return self._answer()

    def _parse(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            raise AnswerUnreadable from None
        except httptools.HttpParserError:
            if not self._whole:  # what follows a whole answer only ends the connection
                raise AnswerUnreadable from None
            self._overrun = True

    def _answer_cut_short(self) -> Answer:
        if not self._in_body:
            raise HeadTooLarge(most=MOST_HEAD)
        return self._answer()

    def _answer(self) -> Answer:
        return Answer(self._status, self._headers, bytes(self._body), self._peer)

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._overrun = self._whole

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._whole:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._whole:
            return
        self._status = self._parser.get_status_code()
        if self._status >= 200:
            self._in_body = True
            self._room = MOST_READ

    def on_body(self, body: bytes) -> None:
        if not self._whole:
            self._body += body[: MOST_KEPT - len(self._body)]

    def on_message_complete(self) -> None:
        if self._whole:
            return
        if not self._in_body:  # an interim answer, such as 103: the real one follows, in what room is left
            self._headers.clear()
            return
        self._whole = True
        self.reusable = self._parser.should_keep_alive()
