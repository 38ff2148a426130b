"""The command line that the benchmarks share."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import uvloop

from bench.harness import Contender, Plan, WrongAnswers, compare
from bench.report import report
from bench.stage import Stage, stage

MakeContenders = Callable[[Stage], Sequence[Contender]]


def run(title: str, make_contenders: MakeContenders) -> None:
    """`make_contenders` gives the floor first, then what is written by hand, then the product."""
    options = _options(title)
    try:
        uvloop.run(_run(title, make_contenders, options))
    except WrongAnswers as wrong:
        sys.exit(f"wrong answers: {wrong}")


def _options(title: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--students", type=int, default=20_000, help="in the school (20000)")
    parser.add_argument("--connections", type=int, default=32, help="that ask at the same time (32)")
    parser.add_argument("--rounds", type=int, default=5, help="of each contender, interleaved (5)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round (3)")
    parser.add_argument("--data", type=Path, help="keep the database here, for the next run")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


async def _run(title: str, make_contenders: MakeContenders, options: argparse.Namespace) -> None:
    async with stage(options.students, options.data) as scene:
        plan = Plan(options.connections, options.rounds, options.seconds, scene.environment)
        measured = await compare(make_contenders(scene), plan)
    shape = f"{options.students:,} students, {options.connections} connections, one server process"
    report(f"{title}: {shape}", measured, as_json=options.json)
