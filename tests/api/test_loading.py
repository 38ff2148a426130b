"""Loaders: what is asked one by one at one moment is fetched together, and nothing of it outlives its operation."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from graphql import ExecutionResult

from app.api.operations import Preparer
from app.api.plans import PlannedRunner
from app.api.runner import CoreRunner
from app.api.variables import read_variables
from app.core.database import Database
from app.core.graph.context import Context
from app.core.graph.loading import Loaders
from app.core.ids import new_id
from tests.api.sample import Batches, sample_schema
from tests.api.support import NOWHERE, actor, no_audit
from tests.support.clock import FixedClock

SCHEMA = sample_schema()
RUNNERS = [PlannedRunner(SCHEMA.graphql), CoreRunner(SCHEMA.graphql)]


def make_context(batches: Batches, database: Database | None = None) -> Context:
    return Context(
        actor=actor(),
        database=database or Database(NOWHERE),
        clock=FixedClock(),
        language="en",
        request_id=new_id(),
        operation="students",
        channel="graphql",
        record_audit=no_audit,
        services={Batches: batches},
    )


async def run(runner: Any, text: str) -> tuple[ExecutionResult, Batches]:
    prepared, batches = Preparer(SCHEMA).prepare(text), Batches()
    values = read_variables(SCHEMA.graphql, prepared.operation, {})
    result = await runner.run(prepared, values, make_context(batches))
    assert not result.errors
    return result, batches


@pytest.mark.parametrize("runner", RUNNERS)
async def test_each_level_of_a_nested_list_is_one_batch(runner: Any) -> None:
    _, batches = await run(runner, "{ students(first: 4) { nodes { mentor { mentor { matricule } } } } }")
    assert batches == [("M0", "M1", "M2", "M3"), ("M1'", "M2'", "M3'")]


@pytest.mark.parametrize("runner", RUNNERS)
async def test_a_key_asked_for_in_several_places_is_fetched_once(runner: Any) -> None:
    text = """{ students(first: 3) { nodes { guide(of: "M7") { matricule } mentor { matricule } } }
        student(matricule: "M1") { mentor { matricule } guide { matricule } } }"""
    _, batches = await run(runner, text)
    assert sorted(sum(batches, ())) == ["M0", "M1", "M2", "M7"]


async def test_a_plan_fetches_a_level_whole_wherever_it_lies_in_the_answer() -> None:
    text = """{ student(matricule: "M1") { mentor { mentor { name } } }
        students(first: 3) { nodes { group { name } guide(of: "M5") { mentor { name } } } } }"""
    _, batches = await run(PlannedRunner(SCHEMA.graphql), text)
    assert sorted(map(sorted, batches)) == [["M1", "M5"], ["M1'", "M5'"]]


async def hang(_: object, keys: Sequence[str]) -> Sequence[str]:
    await asyncio.Event().wait()
    return keys


async def upper(seen: list[Sequence[str]], keys: Sequence[str]) -> Sequence[str]:
    seen.append(tuple(keys))
    await asyncio.sleep(0)
    return [key.upper() for key in keys]


async def test_a_broken_off_operation_leaves_no_fetch_behind() -> None:
    loaders = Loaders(None)
    answer = asyncio.ensure_future(loaders.load(hang, "a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    before = asyncio.all_tasks()
    await loaders.stop()
    assert len(before) == 2  # this one and the fetch
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert answer.cancelled()


async def test_what_nobody_waits_for_any_more_is_not_fetched() -> None:
    seen: list[Sequence[str]] = []
    loaders = Loaders(seen)
    answer = asyncio.ensure_future(loaders.load(upper, "a"))
    await loaders.finish()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert answer.cancelled()
    assert not seen


async def test_a_fetch_under_way_is_waited_for() -> None:
    seen: list[Sequence[str]] = []
    loaders = Loaders(seen)
    loaders.load(upper, "a")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await loaders.finish()
    assert seen == [("a",)]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_write_makes_the_loaders_forget(database: Database) -> None:
    batches = Batches()
    context = make_context(batches, database)

    async def note(_: Context, keys: Sequence[str]) -> Sequence[str]:
        batches.append(tuple(keys))
        return keys

    await context.load(note, "a")
    await context.load(note, "a")
    async with context.write():
        pass
    await context.load(note, "a")
    await context.close()
    assert batches == [("a",), ("a",)]
