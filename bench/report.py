"""What a benchmark prints: a table for people, or JSON."""

import json
import statistics
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench.harness import Measured


def report(title: str, measured: Sequence[Measured], *, as_json: bool) -> None:
    """The first one is the floor, the second is written by hand; the ratios are to these two."""
    rows = [_row(each, measured[0], measured[1]) for each in measured]
    if as_json:
        print(json.dumps({"benchmark": title, "contenders": rows}, indent=2))
        return
    table = Table(title=title)
    table.add_column("", no_wrap=True)
    for column in ("req/s", "× floor", "CPU µs/req", "CPU × by hand", "p50 ms", "p99 ms", "bytes"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            str(row["name"]),
            f"{row['requests_per_second']:,.0f}",
            f"{row['rate_to_floor']:.2f}",
            f"{row['cpu_microseconds']:.0f}",
            f"{row['cpu_to_handwritten']:.2f}",
            f"{row['p50_ms']:.2f}",
            f"{row['p99_ms']:.2f}",
            str(row["body_bytes"]),
        )
    Console(width=120).print(table)


def _row(each: Measured, floor: Measured, by_hand: Measured) -> dict[str, float | int | str]:
    return {
        "name": each.name,
        "requests_per_second": round(each.rate, 1),
        "rate_to_floor": round(each.rate / floor.rate, 3),
        "cpu_microseconds": round(each.microseconds, 1),
        "cpu_to_handwritten": round(each.microseconds / by_hand.microseconds, 3),
        "p50_ms": round(statistics.median(each.middle), 3),
        "p99_ms": round(statistics.median(each.worst), 3),
        "body_bytes": each.body_bytes,
    }
