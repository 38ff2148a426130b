"""How many files and sockets this process may have open."""

import contextlib
import resource

MOST = 65_536
"""Some systems name no bound and refuse to go without one."""


def raise_descriptor_limit() -> int:
    """Takes what the system allows. Returns the limit.

    The soft one is often 1,024, for programs that use select(), which nothing here does.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _bounded(hard)
    if _bounded(soft) < wanted:
        with contextlib.suppress(ValueError, OSError):  # the system knows a lower bound: what was allowed stays so
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return descriptor_limit()


def descriptor_limit() -> int:
    return _bounded(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _bounded(limit: int) -> int:
    return MOST if limit == resource.RLIM_INFINITY else min(limit, MOST)
