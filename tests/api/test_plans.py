"""Plans against graphql-core: whatever the operation, both give the same answer, errors included."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.executor import Executor, Outcome, Request
from app.api.operations import Preparer
from app.api.plans import PlannedRunner
from app.api.runner import CoreRunner
from app.core.database import Database
from app.core.errors import SkoolyError
from app.core.ids import new_id
from tests.api.sample import sample_schema
from tests.api.support import NOWHERE, actor, no_audit
from tests.support.clock import FixedClock

SCHEMA = sample_schema()
PREPARER = Preparer(SCHEMA)
PLANNED = PlannedRunner(SCHEMA.graphql)


async def run(runner: Any, text: str, variables: dict[str, Any] | None = None) -> Outcome | SkoolyError:
    executor = Executor(SCHEMA, Database(NOWHERE), FixedClock(), no_audit, runner=runner)
    request = Request(new_id(), "en", "graphql")
    try:
        return await executor.execute(PREPARER.prepare(text), variables or {}, actor(), request)
    except SkoolyError as failure:
        return failure


def same(one: Outcome | SkoolyError, other: Outcome | SkoolyError) -> bool:
    """Where a root that must not be null fails, which of several failures is told first is a matter of timing."""
    if isinstance(one, Outcome) and isinstance(other, Outcome):
        if one.data is None or other.data is None:
            return one.data is other.data
        return (one.data, list(one.data or {}), codes(one)) == (other.data, list(other.data or {}), codes(other))
    return type(one) is type(other)


def codes(outcome: Outcome) -> list[tuple[str, tuple[str | int, ...]]]:
    return sorted((error.code, error.path) for error in outcome.errors)


@pytest.mark.parametrize(
    "text",
    [
        "{ students(first: 3) { nodes { matricule name status } } }",
        '{ holder(badge: "B1") { ... on Holder { name } ... on Failure { code field message } } }',
        '{ holder(badge: "B2") { __typename ... on UnknownBadge { message kind: __typename code } } }',
        "fragment F on Student { m: matricule } { students { nodes { ...F m: matricule status } nodes { name } } }",
        "{ a: students(first: 1) { nodes { name } } b: students(first: 2) { nodes { matricule } } }",
        "{ students { nodes { friends { name } group { name } matricule } } }",
        "{ students { nodes { name mentor { mentor { matricule group { name } } } } } }",
        'query Q($of: String = "M3") { students { nodes { guide(of: $of) { matricule } name } } }',
    ],
)
async def test_a_planned_query_answers_as_graphql_core_does(text: str) -> None:
    assert PLANNED.plan_of(PREPARER.prepare(text)) is not None
    planned, core = await run(PLANNED, text), await run(CoreRunner(SCHEMA.graphql), text)
    assert isinstance(planned, Outcome)
    assert not planned.errors
    assert same(planned, core)


@pytest.mark.parametrize(
    "text",
    [
        'mutation { recordAbsence(input: {matricule: "M1", on: "2025-01-13"}) { name } }',
        "query Q($no: Boolean = false) { students { nodes { name @skip(if: $no) } } }",
        "{ __typename }",
    ],
)
async def test_what_plans_do_not_cover_is_left_to_graphql_core(text: str) -> None:
    assert PLANNED.plan_of(PREPARER.prepare(text)) is None
    assert same(await run(PLANNED, text), await run(CoreRunner(SCHEMA.graphql), text))


@pytest.mark.parametrize(
    "text",
    [
        "{ students(first: 1) { nodes { friends { matricule mentor { name } } } } }",
        '{ student(matricule: "M1") { friends { guide { name } } } sure(matricule: "M1") { name } }',
        "{ students(first: 1) { nodes { guide { name } } } }",
    ],
)
async def test_a_failure_below_the_root_is_told_by_graphql_core(text: str) -> None:
    assert PLANNED.plan_of(PREPARER.prepare(text)) is not None
    planned, core = await run(PLANNED, text), await run(CoreRunner(SCHEMA.graphql), text)
    assert not isinstance(planned, Outcome) or planned.errors
    assert same(planned, core)


@pytest.mark.parametrize("key", ["refuse", "crash", "X", "M1"])
async def test_failures_read_the_same_on_both_ways(key: str) -> None:
    text = "query Q($key: String!) { a: student(matricule: $key) { name } b: holder(badge: $key) { __typename } }"
    assert PLANNED.plan_of(PREPARER.prepare(text)) is not None
    planned, core = [await run(each, text, {"key": key}) for each in (PLANNED, CoreRunner(SCHEMA.graphql))]
    assert same(planned, core)


async def test_equal_operations_beside_other_fragments_have_other_plans() -> None:
    operation = "query Q { students(first: 1) { nodes { ...F } } }"
    for field in ("name", "matricule"):
        outcome = await run(PLANNED, f"fragment F on Student {{ {field} }} {operation}")
        assert isinstance(outcome, Outcome)
        assert outcome.data is not None
        assert list(outcome.data["students"]["nodes"][0]) == [field]


OF_STUDENT = ["matricule", "name", "status", "m: matricule", "__typename", "t: __typename", "...S", "friends { name }"]
OF_STUDENT += ["... on Student { balance }", "... { name n: name }", "status @skip(if: $no)", "group { name }"]
OF_STUDENT += ["mentor { matricule mentor { name } }", "friends { mentor { name } }", "guide { name }"]
OF_STUDENT += ["friends { group { name } guide { matricule } }", 'g: guide(of: "M7") { mentor { friends { name } } }']
OF_HOLDER = ["__typename", "... on Holder { name }", "... on Failure { code }", "... on UnknownBadge { message field }"]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Queries of the sample schema: aliases, merged fields, fragments, unions, nulls, failing roots."""

    def selection(fields: list[str]) -> str:
        return " ".join(draw(st.lists(st.sampled_from(fields), min_size=1, max_size=4)))

    roots = []
    for number in range(draw(st.integers(1, 3))):
        alias, key = f"r{number}", draw(st.sampled_from(["M1", "X", "B1", "refuse", "crash"]))
        roots.append(
            draw(
                st.sampled_from(
                    [
                        f'{alias}: student(matricule: "{key}") {{ {selection(OF_STUDENT)} }}',
                        f'{alias}: sure(matricule: "{key}") {{ {selection(OF_STUDENT)} }}',
                        f'{alias}: holder(badge: "{key}") {{ {selection(OF_HOLDER)} }}',
                        f"{alias}: students(first: 2) {{ nodes {{ {selection(OF_STUDENT)} }} }}",
                    ]
                )
            )
        )
    used = "fragment S on Student { matricule status }" if any("...S" in root for root in roots) else ""
    variable = "($no: Boolean = false)" if any("$no" in root for root in roots) else ""
    return f"query Q{variable} {{ {' '.join(roots)} }} {used}"


# Where an item of a list fails, graphql-core leaves the coroutines of the others: its affair, not that of the plans.
@pytest.mark.filterwarnings("ignore:.*Executor.complete_list_item_value:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("error:coroutine .* was never awaited:RuntimeWarning")
@given(text=documents())
async def test_any_query_answers_the_same_on_both_ways(text: str) -> None:
    assert same(await run(PLANNED, text), await run(CoreRunner(SCHEMA.graphql), text))
