"""A process that may open nothing more: neither a file nor a socket."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limited_to(most: int) -> Iterator[None]:
    """The soft limit; descriptors that are open already stay so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    with limited_to(lowest_free):
        yield
