"""Every order in which a client may say things, against what the protocol says of each."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.web.errors import TooManySubscriptions
from app.web.sockets.closing import LONGEST_REASON, CloseCode, SocketClosed
from app.web.sockets.conversation import Conversation
from app.web.sockets.messages import Complete, Init, Ping, Pong, Subscribe, next_, next_prefix, read_message

MOST = 3
IDS = st.sampled_from("abcde")


class Talks(RuleBasedStateMachine):
    """The model is the specification, read aloud: two flags and a set."""

    @initialize()
    def start(self) -> None:
        self.real = Conversation(MOST)
        self.begun = self.opened = False
        self.running: set[str] = set()
        self.closed: CloseCode | None = None

    def _closes(self, code: CloseCode, act: Any) -> None:
        with pytest.raises(SocketClosed) as closed:
            act()
        assert closed.value.code == code

    @rule()
    def introduces_itself(self) -> None:
        if self.begun:
            self._closes(CloseCode.TOO_MANY_INITS, self.real.begin)
        else:
            self.real.begin()
            self.begun = True

    @rule()
    def is_let_in(self) -> None:
        if self.begun and not self.opened:
            self.real.open()
            self.opened = True

    @rule(id=IDS)
    def subscribes(self, id: str) -> None:
        if not self.opened:
            self._closes(CloseCode.UNAUTHENTICATED, lambda: self.real.subscribe(id))
        elif id in self.running:
            self._closes(CloseCode.DUPLICATE_ID, lambda: self.real.subscribe(id))
        elif len(self.running) == MOST:
            with pytest.raises(TooManySubscriptions):
                self.real.subscribe(id)
        else:
            self.real.subscribe(id)
            self.running.add(id)

    @rule(id=IDS)
    def completes(self, id: str) -> None:
        assert self.real.complete(id) == (id in self.running)
        self.running.discard(id)

    @invariant()
    def agree(self) -> None:
        assert self.real.running == self.running
        assert len(self.real.running) <= MOST


TestTalks = Talks.TestCase

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(["connection_init", "subscribe", "complete", "ping", "pong", "next", "error", "start", ""])
MESSAGES = st.fixed_dictionaries(
    {}, optional={"type": KINDS | VALUES, "id": st.text(max_size=3) | VALUES, "payload": VALUES, "more": VALUES}
)


@given(MESSAGES.map(json.dumps) | VALUES.map(json.dumps) | st.text())
def test_whatever_comes_is_a_message_or_closes_as_bad(text: str) -> None:
    try:
        message = read_message(text)
    except SocketClosed as closed:
        assert closed.code == CloseCode.BAD_MESSAGE
        assert len(closed.reason.encode()) <= LONGEST_REASON
        return
    given_: Any = json.loads(text)
    expected = {
        "connection_init": Init,
        "subscribe": Subscribe,
        "complete": Complete,
        "ping": Ping,
        "pong": Pong,
    }[given_["type"]]
    assert type(message) is expected
    if isinstance(message, Subscribe | Complete):
        assert message.id == given_["id"]


@given(st.text(min_size=1, max_size=128), VALUES.filter(lambda value: json.dumps(value).find("NaN") < 0))
def test_a_shared_payload_makes_the_same_message_as_one_of_its_own(id: str, payload: Any) -> None:
    try:
        whole = next_(id, {"data": payload})
    except TypeError:
        return  # a text that is no UTF-8, a number that is too large: nothing the API answers with
    inner = json.dumps({"data": json.loads(whole)["payload"]["data"]})
    assert json.loads(next_prefix(id) + inner + "}") == json.loads(whole)


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ_", min_size=1, max_size=40), st.text(max_size=200))
def test_a_reason_always_fits_and_is_json(why: str, after: str) -> None:
    reason = SocketClosed(CloseCode.SLOW_CONSUMER, why, after).reason
    assert len(reason.encode()) <= LONGEST_REASON
    assert json.loads(reason)["code"] == why
    assert json.loads(reason).get("after") in (None, after)


def test_the_longest_cursor_fits() -> None:
    cursor = "x" * 66
    for why in ("SLOW_CONSUMER", "SHUTTING_DOWN", "KEY_REVOKED"):
        assert json.loads(SocketClosed(CloseCode.SLOW_CONSUMER, why, cursor).reason)["after"] == cursor
