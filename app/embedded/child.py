"""What a child does between fork and exec: leave root where the program refuses it, and die with its parent.

PostgreSQL does not run as root. `NAMESPACE` starts it in a user namespace in which root is uid 1000; its
files stay root's outside. `ACCOUNT`, for containers that forbid namespaces, is a real change to an
unprivileged account, which keeps only the capability to pass directories (`CAP_DAC_OVERRIDE`): root's
checkout often lies under a directory that nobody else can enter.
"""

import ctypes
import os
import pwd
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.embedded.errors import NoServerAccount

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
PARENT_IS_GONE = 75

_libc = ctypes.CDLL(None, use_errno=True)


class Isolation(StrEnum):
    """How a server's process leaves root."""

    NONE = "none"
    NAMESPACE = "namespace"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Identity:
    """Who a server runs as; `uid` and `gid` own its files, as seen from outside."""

    isolation: Isolation
    uid: int
    gid: int


def myself() -> Identity:
    """The present user, unchanged."""
    return Identity(Isolation.NONE, os.geteuid(), os.getegid())


def choose_identity(postgres: Path, wanted: Isolation | None = None) -> Identity:
    """The first identity under which this `postgres` program runs here. Raises NoServerAccount."""
    if os.geteuid() != 0:
        return myself()
    account = _unprivileged_account()
    candidates = [
        Identity(Isolation.NAMESPACE, 0, os.getegid()),
        Identity(Isolation.ACCOUNT, account.pw_uid, account.pw_gid),
    ]
    for identity in candidates:
        if wanted in (None, identity.isolation) and _can_run(postgres, identity):
            return identity
    raise NoServerAccount(account.pw_name)


def before_exec(identity: Identity, death_signal: signal.Signals) -> Callable[[], None]:
    """The `preexec_fn` of a child that runs as `identity` and gets `death_signal` when its parent dies.

    Spawn from the main thread: the kernel sends the signal when the spawning *thread* ends.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a child that dies with its parent must be spawned from the main thread")
    parent = os.getpid()

    def run() -> None:
        if identity.isolation is Isolation.NAMESPACE:
            _enter_namespace(identity)
        elif identity.isolation is Isolation.ACCOUNT:
            _become(identity)
        die_with_parent(parent, death_signal)

    return run


def die_with_parent(parent: int, death_signal: signal.Signals) -> None:
    """To be called in the child, after any change of credentials: such a change clears the setting."""
    if sys.platform != "linux":
        return
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent:  # it died before the line above
        os._exit(PARENT_IS_GONE)


def _unprivileged_account() -> pwd.struct_passwd:
    for name in ("nobody", "postgres", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoServerAccount("nobody")


def _can_run(postgres: Path, identity: Identity) -> bool:
    command = [str(postgres), "--version"]
    try:
        probe = subprocess.run(
            command, capture_output=True, preexec_fn=before_exec(identity, signal.SIGKILL), check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return probe.returncode == 0


def _enter_namespace(identity: Identity) -> None:
    _check(_libc.unshare(CLONE_NEWUSER))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"1000 {identity.uid} 1"),
        ("gid_map", f"1000 {identity.gid} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text)


def _become(identity: Identity) -> None:
    os.setgroups([])
    os.setresgid(identity.gid, identity.gid, identity.gid)
    _check(_libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setresuid(identity.uid, identity.uid, identity.uid)
    _keep_only(CAP_DAC_OVERRIDE)


def _keep_only(capability: int) -> None:
    """Drops every capability but one, which also outlives exec."""
    mask = 1 << capability
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    data = struct.pack("=6I", mask, mask, mask, 0, 0, 0)
    _check(_libc.capset(header, data))
    _check(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))


def _check(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
