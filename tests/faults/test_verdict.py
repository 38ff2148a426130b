"""The judge of the fault run convicts: each thing that must not be is seen when it is there, and only then."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.faults.ledgers import Got, Told
from bench.faults.plan import FULL, PARTS, counts, shuffled
from bench.faults.report import report
from bench.faults.verdict import Committed, Verdict, judge

TOLD = [Told("k1", "s1", "F-1", 100.0), Told("k2", "s2", "F-2", 101.0), Told("k1", "s1", "F-1", 104.0)]
GOT = [Got("evt_1", "s1", "b1", 100.5), Got("evt_2", "s2", "b2", 103.0), Got("evt_2", "s2", "b2", 110.0)]
COMMITTED = Committed(labels={"s1": "k1", "s2": "k2"}, attempts={"ok": 3}, spent=0, unfinished=0)


def verdict(
    told: Sequence[Told] = TOLD, got: Sequence[Got] = GOT, committed: Committed = COMMITTED
) -> tuple[Verdict, list[str]]:
    verdict = judge(told, got, committed)
    return verdict, list(verdict.faults)


def test_repetitions_are_counted_and_nothing_is_wrong() -> None:
    found, faults = verdict()
    assert faults == []
    assert (found.acknowledged, found.repeated) == (2, 1)
    assert found.lateness == [0.5, 2.0]
    assert found.silence == 3.0


EXTRA = replace(COMMITTED, labels={**COMMITTED.labels, "s3": "k3"})
TWICE = replace(COMMITTED, labels={**COMMITTED.labels, "s3": "k2"})
FEWER = replace(COMMITTED, labels={"s1": "k1"})


@pytest.mark.parametrize(
    ("told", "got", "committed", "expected"),
    [
        ([*TOLD, Told("k3", "s3", "F-3", 105.0)], GOT, EXTRA, ["lost: 1", "unsent: 1"]),
        ([*TOLD, Told("k3", "s3", "F-3", 105.0)], GOT, COMMITTED, ["lost: 1"]),
        (TOLD, GOT, EXTRA, ["unsent: 1"]),
        (TOLD, GOT, FEWER, ["invented: 1"]),
        (TOLD, [*GOT, Got("evt_3", "s3", "b3", 106.0)], TWICE, ["two_effects: 1"]),
        ([*TOLD, Told("k1", "s2", "F-2", 105.0)], GOT, COMMITTED, ["two_effects: 1"]),
        (TOLD, [*GOT, Got("evt_9", "s2", "b2", 111.0)], COMMITTED, ["altered: 1"]),
        (TOLD, [*GOT, Got("evt_2", "s2", "other", 111.0)], COMMITTED, ["altered: 1"]),
    ],
    ids=["lost", "lost by the database", "unsent", "invented", "two rows", "two answers", "two ids", "two bodies"],
)
def test_what_must_not_be_is_seen(
    told: Sequence[Told], got: Sequence[Got], committed: Committed, expected: list[str]
) -> None:
    assert verdict(told, got, committed)[1] == expected


def test_a_client_that_met_something_strange_spoils_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    found, _ = verdict()
    assert report({}, {"503": 4}, COMMITTED, found, 1.0)
    assert not report({}, {"strange: 500": 1}, COMMITTED, found, 1.0)
    assert "WRONG: 1 × strange: 500" in capsys.readouterr().out


def test_a_scale_divides_the_counts_and_leaves_one_of_each() -> None:
    assert counts(1, frozenset(PARTS)) == {fault: count.times for fault, count in FULL.items()}
    chosen = counts(20, frozenset(PARTS))
    assert min(chosen.values()) == 1
    order = shuffled(chosen, seed=1)
    assert {fault: order.count(fault) for fault in order} == chosen
    assert order == shuffled(chosen, seed=1) != shuffled(chosen, seed=2)
