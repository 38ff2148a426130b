"""What a fault run prints."""

import os
from collections.abc import Mapping, Sequence

from bench.faults.plan import Fault
from bench.faults.verdict import Committed, Verdict

STRANGE = "strange: "


def report(
    struck: Mapping[Fault, int], met: Mapping[str, int], committed: Committed, verdict: Verdict, seconds: float
) -> bool:
    """Prints it all and returns whether everything is as it must be."""
    print(f"{sum(struck.values())} faults in {seconds:.0f} s, load average {os.getloadavg()[0]:.1f}")
    for fault, times in sorted(struck.items()):
        print(f"{times:>8}  {fault}")
    print(f"{verdict.acknowledged:>8}  events acknowledged, {len(committed.labels)} committed")
    print(f"{verdict.lost:>8}  acknowledged and lost")
    print(f"{verdict.unsent:>8}  committed and not received; {committed.unfinished} deliveries did not end well")
    print(f"{verdict.invented:>8}  received and not committed")
    print(f"{verdict.two_effects:>8}  idempotency keys with two effects")
    other = "of them under another webhook-id or with another body"
    print(f"{verdict.repeated:>8}  received again, {verdict.altered} {other}")
    print(f"{committed.spent:>8}  steps of the retry schedule spent")
    print(f"          attempts: {_listed(committed.attempts)}")
    print(f"          from acknowledged to received: {_lateness(verdict.lateness)}")
    print(f"          longest time without an acknowledgement: {verdict.silence:.1f} s")
    print(f"          the client met: {_listed(met)}")
    wrong = [*verdict.faults, *(f"{count} × {what}" for what, count in met.items() if what.startswith(STRANGE))]
    print("nothing was lost" if not wrong else "WRONG: " + "; ".join(wrong))
    return not wrong


def _listed(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.items()) or "nothing"


def _lateness(seconds: Sequence[float]) -> str:
    if not seconds:
        return "nothing"
    middle, ninety_nine = seconds[len(seconds) // 2], seconds[min(len(seconds) - 1, len(seconds) * 99 // 100)]
    return f"median {middle * 1000:.1f} ms, p99 {ninety_nine:.2f} s, worst {seconds[-1]:.1f} s"
