"""What the load was told and what the receiver got, read back from their files."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Told:
    """An acknowledgement: the invoice that a key stands for. Times are seconds since 1970."""

    key: str
    subject: str
    number: str
    at: float


@dataclass(frozen=True, slots=True)
class Got:
    webhook_id: str
    subject: str
    body: str
    """Its SHA-256."""
    at: float


def read_told(path: Path) -> list[Told]:
    return [Told(key, subject, number, float(at)) for key, subject, number, at in _lines(path)]


def read_got(path: Path) -> list[Got]:
    return [Got(webhook_id, subject, body, float(at)) for webhook_id, subject, body, at in _lines(path)]


def by_subject(got: Sequence[Got]) -> Mapping[str, list[Got]]:
    grouped = defaultdict(list)
    for each in got:
        grouped[each.subject].append(each)
    return grouped


def count_lines(path: Path) -> int:
    """How far it is, while it is being written."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _lines(path: Path) -> Iterator[list[str]]:
    with path.open() as file:
        for line in file:
            yield line.split()
