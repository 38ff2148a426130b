"""What a transaction still has to do just before it commits: kept until then, so that a lock is held for one commit.

    _PIECES = CommitQueue[Piece]("pieces", _write)      # _write(session, pieces), in the order of `add`

A savepoint that is rolled back takes back what was added inside it.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

Item = TypeVar("Item")
_Within = tuple[SessionTransaction, ...]


class CommitQueue(Generic[Item]):
    """A queue that was made later is written earlier: it may still add to those that its module imports."""

    def __init__(self, name: str, write: Callable[[AsyncSession, list[Item]], None]) -> None:
        self._name = f"skooly_{name}"
        self._write = write
        event.listen(Session, "before_commit", self._flush, insert=True)
        event.listen(Session, "after_soft_rollback", self._forget)

    def add(self, session: AsyncSession, item: Item) -> None:
        """For this transaction, and this savepoint where there is one."""
        info = session.sync_session.info
        info.setdefault(self._name, []).append((session, item, _around(session.sync_session)))

    def _flush(self, session: Session) -> None:
        if session.in_nested_transaction() or not session.info.get(self._name):
            return
        session.flush()
        queued: list[tuple[AsyncSession, Item, _Within]] = session.info.pop(self._name)
        self._write(queued[0][0], [item for _, item, _ in queued])

    def _forget(self, session: Session, transaction: SessionTransaction) -> None:
        if queued := session.info.get(self._name):
            session.info[self._name] = [each for each in queued if transaction not in each[2]]


def _around(session: Session) -> _Within:
    """The transaction and the savepoints around the present point."""
    found = []
    transaction = session.get_nested_transaction() or session.get_transaction()
    while transaction is not None:
        found.append(transaction)
        transaction = transaction.parent
    return tuple(found)
