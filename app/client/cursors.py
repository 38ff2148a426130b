"""Where a program notes how far it has got."""

import os
from pathlib import Path
from typing import Protocol


class CursorStore(Protocol):
    def read(self) -> str | None:
        """The cursor written last; None before the first."""
        ...

    def write(self, cursor: str) -> None:
        """Returns once it would survive a power cut. Called after the event was handled, never before."""
        ...


class CursorFile:
    """A file, replaced as a whole: it holds the old cursor or the new one, whenever the program ends."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def read(self) -> str | None:
        try:
            return self._path.read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def write(self, cursor: str) -> None:
        new = self._path.with_name(f"{self._path.name}.new")
        with new.open("w", encoding="ascii") as file:
            file.write(cursor)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)


class Forgetful:
    """Remembers within the program's life only: for watching, not for integrations."""

    def __init__(self, cursor: str | None = None) -> None:
        self._cursor = cursor

    def read(self) -> str | None:
        return self._cursor

    def write(self, cursor: str) -> None:
        self._cursor = cursor
