"""graphql-core, run so that nothing of an operation is left when its answer is there."""

import asyncio
import gc
import warnings
from types import SimpleNamespace
from typing import Any, cast

import pytest
from graphql import ExecutionResult, GraphQLSchema, OperationDefinitionNode, build_schema, parse
from graphql.execution.values import VariableValues

from app.api.operations import PreparedOperation
from app.api.runner import CoreRunner
from app.core.graph.context import Context

SDL = """
type Query { page: Page }
type Page { slow: Item, sure: Item!, late: Item }
type Item { name: String, deep: Item, slow: Item }
"""
NOTHING: dict[str, Any] = {}


class Steps(list[str]):
    """What the resolvers did, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()


async def _slow(_: Any, info: Any) -> dict[str, Any]:
    info.context.append("begun")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    info.context.append("done")
    return NOTHING


async def _stuck(_: Any, info: Any) -> dict[str, Any]:
    try:
        await info.context.gate.wait()
    finally:
        info.context.append("taken back")
    return NOTHING


async def _nobody(*_: Any) -> None:
    await asyncio.sleep(0)


async def _at_once(*_: Any) -> dict[str, Any]:
    return NOTHING


def schema(**resolvers: Any) -> GraphQLSchema:
    """`page`, and of it and of its items the named resolvers; any other field is null."""
    made = build_schema(SDL)
    assert made.query_type is not None
    made.query_type.fields["page"].resolve = lambda *_: NOTHING
    for name in ("Page", "Item"):
        for key, field in cast(Any, made.type_map[name]).fields.items():
            field.resolve = resolvers.get(key, lambda *_: None)
    return made


async def run(made: GraphQLSchema, text: str, steps: Steps) -> ExecutionResult:
    operation = parse(text).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    prepared = cast(PreparedOperation, SimpleNamespace(operation=operation, fragments={}))
    return await CoreRunner(made).run(prepared, VariableValues({}, {}), cast(Context, steps))


async def test_siblings_that_had_begun_end_before_the_answer() -> None:
    """Their context is closed with it: whatever they read afterwards would be outside of the audit."""
    steps = Steps()
    answer = await run(schema(slow=_slow), "{ page { slow { name } sure { name } } }", steps)
    assert answer.data == {"page": None}
    assert steps == ["begun", "done"]


@pytest.mark.parametrize(
    "text",
    [
        "{ page { slow { name } sure { name } } }",
        "{ page { late { deep { deep { name } slow { name } } slow { name } } sure { name } } }",
        "{ page { late { slow { slow { name } deep { name } } } sure { name } slow { name } } }",
    ],
)
@pytest.mark.parametrize("turns", range(4))
async def test_no_coroutine_is_left_behind(text: str, turns: int) -> None:
    """Wherever the siblings are at that moment, however deep."""

    async def sure(*_: Any) -> None:
        for _turn in range(turns):
            await asyncio.sleep(0)

    made = schema(slow=_slow, late=_at_once, deep=_at_once, sure=sure)
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always")
        answer = await run(made, text, Steps())
        gc.collect()
    assert answer.data == {"page": None}
    assert [str(each.message) for each in left] == []


async def test_a_cancelled_execution_takes_back_what_goes_on_in_the_background() -> None:
    steps = Steps()
    running = asyncio.create_task(run(schema(slow=_stuck), "{ page { slow { name } sure { name } } }", steps))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert steps == ["taken back"]
