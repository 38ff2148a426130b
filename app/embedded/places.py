"""The directories of one instance: its data, its sockets, and the lock that says who holds it."""

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from app.embedded.errors import DataDirectoryInUse, DataDirectoryUnusable

SOCKET_PATH_BYTES = 107
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"
SECONDS_FOR_ORPHANS = 15.0


class Lock:
    """An exclusive lock on a data directory.

    Its descriptor is passed on to the servers, and flock belongs to the open file: the lock lasts until the
    last of them has ended, also when their parent was killed. Who obtains it knows that no server of this
    directory is alive.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.descriptor = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self) -> None:
        """Waits for servers whose parent is dead; refuses at once when the holder lives. Raises
        DataDirectoryInUse.
        """
        give_up = time.monotonic() + SECONDS_FOR_ORPHANS
        while not self.try_acquire():
            owner = self._owner()
            if (owner is not None and _alive(owner)) or time.monotonic() > give_up:
                self.close()
                raise DataDirectoryInUse(self._root, owner)
            time.sleep(0.02)
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        os.close(self.descriptor)

    def try_acquire(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _owner(self) -> int | None:
        text = os.pread(self.descriptor, 32, 0)
        return int(text) if text.isdigit() else None


def is_held(root: Path) -> bool:
    """Whether a process, or servers that outlived it, hold the data directory at present."""
    try:
        lock = Lock(root)
    except FileNotFoundError:
        return False
    try:
        return not lock.try_acquire()
    finally:
        lock.close()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def make_data_directory(root: Path) -> None:
    """Raises DataDirectoryUnusable."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataDirectoryUnusable(root, error.strerror or str(error)) from None
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        raise DataDirectoryUnusable(root, "this user may not write there")


def socket_directory(root: Path) -> Path:
    """A short path, the same one for each start on `root` by this user."""
    digest = hashlib.sha256(str(root).encode()).hexdigest()[:12]
    return _short_base() / f"skooly-{os.geteuid()}-{digest}"


def make_socket_directory(path: Path, owner: int) -> None:
    """Makes it, or takes over what a crash left; open to `owner` alone. Raises DataDirectoryUnusable."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner):
        raise DataDirectoryUnusable(path, "it belongs to someone else")
    give(path, owner)
    path.chmod(0o700)


def _short_base() -> Path:
    base = Path(tempfile.gettempdir())
    longest = len(os.fsencode(base)) + len("/skooly-4294967295-") + 12 + len(LONGEST_SOCKET_NAME)
    return base if longest <= SOCKET_PATH_BYTES else Path("/tmp")  # noqa: S108 - private, checked below


def give(path: Path, owner: int) -> None:
    """Makes `owner` the owner of `path` and of all it holds; a no-op where it already is. Raises
    DataDirectoryUnusable.
    """
    if path.lstat().st_uid == owner:
        return
    try:
        for entry in (*_below(path), path):
            os.chown(entry, owner, -1, follow_symlinks=False)
    except PermissionError:
        raise DataDirectoryUnusable(path, "its files belong to another user") from None


def _below(path: Path) -> Iterable[Path]:
    return path.rglob("*") if path.is_dir() else ()
