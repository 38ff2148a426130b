"""The two ledgers joined, and held against what the database says was committed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.faults.ledgers import Got, Told, by_subject


@dataclass(frozen=True, slots=True)
class Committed:
    """What the database holds at the end. `labels` are the keys that the invoices were asked for under, by invoice."""

    labels: Mapping[str, str]
    attempts: Mapping[str, int]
    """Attempts by outcome."""
    spent: int
    """Steps of the retry schedule that were spent."""
    unfinished: int
    """Deliveries that are on their way, given up or held."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first five must be 0."""

    lost: int
    """Acknowledged and never received."""
    unsent: int
    """Committed, acknowledged or not, and never received."""
    invented: int
    """Received and not committed."""
    two_effects: int
    """Keys that made two invoices, or were told two."""
    altered: int
    """Repetitions with another webhook-id, or another body under the same one."""
    acknowledged: int
    repeated: int
    """Requests beyond the first for an event, all of them under its webhook-id."""
    lateness: Sequence[float]
    """Seconds from the acknowledgement to the first arrival, in order; negative where it arrived first."""
    silence: float
    """The longest time without an acknowledgement, in seconds."""

    @property
    def faults(self) -> Iterator[str]:
        """What must not be, in words."""
        for name in ("lost", "unsent", "invented", "two_effects", "altered"):
            if count := getattr(self, name):
                yield f"{name}: {count}"


def judge(told: Sequence[Told], got: Sequence[Got], committed: Committed) -> Verdict:
    arrived = by_subject(got)
    first = {each.subject: each.at for each in reversed(told)}
    return Verdict(
        lost=sum(subject not in arrived for subject in first),
        unsent=sum(subject not in arrived for subject in committed.labels),
        invented=sum(subject not in committed.labels for subject in arrived),
        two_effects=_two_effects(told, committed.labels),
        altered=sum(_altered(requests) for requests in arrived.values()),
        acknowledged=len(first),
        repeated=len(got) - len(arrived),
        lateness=sorted(arrived[subject][0].at - at for subject, at in first.items() if subject in arrived),
        silence=_longest_gap([each.at for each in told]),
    )


def _two_effects(told: Sequence[Told], labels: Mapping[str, str]) -> int:
    made = Counter(labels.values())
    answers = defaultdict(set)
    for each in told:
        answers[each.key].add((each.subject, each.number))
    return len(
        {key for key, count in made.items() if count > 1} | {key for key, all_ in answers.items() if len(all_) > 1}
    )


def _altered(requests: Sequence[Got]) -> int:
    first = requests[0]
    return sum((each.webhook_id, each.body) != (first.webhook_id, first.body) for each in requests[1:])


def _longest_gap(times: Sequence[float]) -> float:
    ordered = sorted(times)
    return max((later - earlier for earlier, later in pairwise(ordered)), default=0.0)
