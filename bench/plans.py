"""Resolving a list of 1,000 objects with eight fields: plans beside graphql-core and stock Strawberry, in process.

No database and no HTTP: what is measured is the way from the resolver's Python objects to the answer's dictionaries.
"""

import asyncio
import json
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import strawberry
from rich.console import Console
from rich.table import Table
from strawberry import argument

from app.api.operations import Preparer
from app.api.plans import PlannedRunner
from app.api.runner import CoreRunner
from app.api.schema import ApiSchema, assemble
from app.api.variables import read_variables
from app.core.actor import Actor
from app.core.clock import SystemClock
from app.core.database import Database
from app.core.graph.context import Context
from app.core.graph.scoped import scoped
from app.core.ids import new_id
from app.core.scopes import Scope

NAMES = ("a", "b", "c", "d", "e", "f", "g", "h")
ROUNDS = 15


@strawberry.type(description="Eight fields.")
class Item:
    a: str = scoped(Scope.STUDENTS_LIST, description="Text.")
    b: str = scoped(Scope.STUDENTS_LIST, description="Text.")
    c: str | None = scoped(Scope.STUDENTS_LIST, description="Text or nothing.")
    d: int = scoped(Scope.STUDENTS_LIST, description="A number.")
    e: int = scoped(Scope.STUDENTS_LIST, description="A number.")
    f: bool = scoped(Scope.STUDENTS_LIST, description="Yes or no.")
    g: uuid.UUID = scoped(Scope.STUDENTS_LIST, description="An identifier.")
    h: str = scoped(Scope.STUDENTS_LIST, description="Text.")


ITEMS = [
    Item(a=f"M{n}", b="Ndiaye", c=None, d=n, e=-n, f=n % 2 == 0, g=uuid.UUID(int=n), h="active") for n in range(1000)
]


async def _items(first: Annotated[int, argument(description="How many.")] = 1000) -> list[Item]:
    return ITEMS[:first]


@strawberry.type
class Query:
    items: list[Item] = scoped(Scope.STUDENTS_LIST, description="Items.", resolver=_items, size=1000)


def contenders(schema: ApiSchema, count: int) -> dict[str, Callable[[], Awaitable[Any]]]:
    text = f"{{ items(first: {count}) {{ {' '.join(NAMES)} }} }}"
    prepared = Preparer(schema).prepare(text)
    values = read_variables(schema.graphql, prepared.operation, {})
    context = _context()
    planned, core = PlannedRunner(schema.graphql), CoreRunner(schema.graphql)
    return {
        "stock Strawberry": lambda: schema.strawberry.execute(text, context_value=context),
        "graphql-core, prepared": lambda: core.run(prepared, values, context),
        "planned": lambda: planned.run(prepared, values, context),
    }


def _context() -> Context:
    async def no_audit(*_: Any, **__: Any) -> None:
        return None

    nobody = uuid.UUID(int=0)
    actor = Actor(nobody, "BENCH", "UTC", nobody, "bench", "bench", frozenset({Scope.STUDENTS_LIST}))
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nowhere")
    return Context(actor, database, SystemClock(), "fr", new_id(), "bench", "graphql", no_audit)


async def measure(count: int) -> dict[str, float]:
    """CPU microseconds per operation: medians over rounds in which the contenders take turns."""
    ways = contenders(assemble([Query]), count)
    times: dict[str, list[float]] = {name: [] for name in ways}
    repeat = max(1, 300 // count)
    for _ in range(ROUNDS):
        for name, run in ways.items():
            started = time.process_time()
            for _ in range(repeat):
                await run()
            times[name].append((time.process_time() - started) / repeat * 1e6)
    return {name: statistics.median(each) for name, each in times.items()}


async def main() -> None:
    results = {count: await measure(count) for count in (1, 1000)}
    if "--json" in sys.argv:
        print(json.dumps(results, indent=2))
        return
    for count, medians in results.items():
        table = Table("", "CPU µs", "× stock", title=f"{count} × {len(NAMES)} fields, in process")
        stock = medians["stock Strawberry"]
        for name, median in medians.items():
            table.add_row(name, f"{median:,.0f}", f"{stock / median:.1f}")
        Console(width=100).print(table)


if __name__ == "__main__":
    asyncio.run(main())
