"""The order of a conversation: what a client may say when. Pure, so that every order can be tried."""

from app.web.errors import TooManySubscriptions
from app.web.sockets.closing import CloseCode, SocketClosed

MOST_OPERATIONS = 10
"""At a time on one socket, subscriptions and others."""


class Conversation:
    """`running` are the ids of the operations that are neither complete nor failed."""

    def __init__(self, most: int = MOST_OPERATIONS) -> None:
        self.running: set[str] = set()
        self.begun = False
        self.opened = False
        self._most = most

    def begin(self) -> None:
        """The client asks to be let in. Raises SocketClosed the second time."""
        if self.begun:
            raise SocketClosed(CloseCode.TOO_MANY_INITS)
        self.begun = True

    def open(self) -> None:
        """It is let in."""
        self.opened = True

    def subscribe(self, id: str) -> None:
        """Raises SocketClosed, or TooManySubscriptions: that ends the operation alone, of which nothing was noted."""
        if not self.opened:
            raise SocketClosed(CloseCode.UNAUTHENTICATED, "CONNECTION_INIT_FIRST")
        if id in self.running:
            raise SocketClosed(CloseCode.DUPLICATE_ID)
        if len(self.running) >= self._most:
            raise TooManySubscriptions(maximum=self._most)
        self.running.add(id)

    def complete(self, id: str) -> bool:
        """From either side; False where it was over already, which happens: the two words cross on their way."""
        if id not in self.running:
            return False
        self.running.remove(id)
        return True
