"""One PostgreSQL and one Valkey for a whole run of pytest, whatever the number of its workers."""

import shutil
import tempfile
from pathlib import Path

import pytest

from app.embedded import Addresses, Embedded

_ADDRESSES = pytest.StashKey[Addresses]()
_SOCKETS = "skooly_sockets"


def tell_worker(config: pytest.Config, workerinput: dict[str, object]) -> None:
    """In the controller of xdist: starts the servers for the first worker and tells each one where they are."""
    workerinput[_SOCKETS] = str(_started(config).sockets)


def addresses(config: pytest.Config) -> Addresses:
    """In a worker: what the controller told; without xdist: servers of this process, started on first use."""
    workerinput = getattr(config, "workerinput", None)
    if workerinput is not None:
        return Addresses(Path(workerinput[_SOCKETS]))
    return _started(config)


def _started(config: pytest.Config) -> Addresses:
    if _ADDRESSES not in config.stash:
        root = Path(tempfile.mkdtemp(prefix="skooly-tests-"))
        config.add_cleanup(lambda: shutil.rmtree(root, ignore_errors=True))
        embedded = Embedded(root, durable=False)
        embedded.start()
        config.add_cleanup(embedded.stop)  # cleanups run last in, first out
        config.stash[_ADDRESSES] = embedded.addresses
    return config.stash[_ADDRESSES]
