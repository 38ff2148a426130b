"""What a set of scopes opens: known to whoever puts the schema and the facade together, asked for by the viewer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Openings:
    """`fields` tells the root fields that a key with these scopes may use, `endpoints` those of REST ("GET /v1/…")."""

    fields: Callable[[frozenset[str]], Sequence[str]]
    endpoints: Callable[[frozenset[str]], Sequence[str]]
