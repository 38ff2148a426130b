"""What a listener keeps between two runs: how far it has read, and the secret it signs with."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.core.signing import make_secret, show_secret


@dataclass(frozen=True, slots=True)
class Memory:
    """`cursor` is None before the first run, and "" where everything that is kept is still to be read."""

    secret: str
    cursor: str | None = None


class Notebook:
    """A file that only its owner reads, for one key, one address and one choice of topics."""

    def __init__(self, url: str, key: str, forward_to: str, topics: Sequence[str]) -> None:
        told = "\n".join((url, key, forward_to, *sorted(topics)))
        name = hashlib.sha256(told.encode()).hexdigest()[:16]
        self.path = _folder() / f"listen-{name}.json"

    def read(self) -> Memory:
        """With a new secret where there is nothing to read."""
        try:
            return Memory(**json.loads(self.path.read_text()))
        except (OSError, ValueError, TypeError):
            return Memory(show_secret(make_secret()))

    def write(self, memory: Memory) -> None:
        """Whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(memory)))
        draft.replace(self.path)

    def reach(self, memory: Memory, cursor: str) -> Memory:
        """Writes down how far it has read."""
        reached = replace(memory, cursor=cursor)
        self.write(reached)
        return reached


def _folder() -> Path:
    """Where the system keeps what programs remember."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "skooly"
