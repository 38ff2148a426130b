"""A real PostgreSQL 18 and a real Valkey 9 from wheels, for a machine that has only Python.

Standard library only, so that the supervisor stays small. Linux; on macOS the servers work but outlive a
parent that is killed with SIGKILL, since that system has no parent-death signal.
"""

from app.embedded.addresses import Addresses
from app.embedded.errors import (
    DataDirectoryInUse,
    DataDirectoryUnusable,
    EmbeddedError,
    NoServerAccount,
    ServerBinaryMissing,
    ServerFailed,
)
from app.embedded.servers import Embedded

__all__ = [
    "Addresses",
    "DataDirectoryInUse",
    "DataDirectoryUnusable",
    "Embedded",
    "EmbeddedError",
    "NoServerAccount",
    "ServerBinaryMissing",
    "ServerFailed",
]
