import pytest
from graphql import build_client_schema, get_introspection_query, print_schema

from app.api.errors import MixedIntrospection
from app.core.scopes import Scope
from tests.api.support import Sample, actor

NAMES = "{ __schema { types { name } queryType { fields { name } } } }"


async def seen(sample: Sample, *scopes: str) -> set[str]:
    outcome = await sample.run(NAMES, who=actor(*scopes))
    assert outcome.data is not None
    types = {each["name"] for each in outcome.data["__schema"]["types"] if not each["name"].startswith("__")}
    fields = {f"Query.{each['name']}" for each in outcome.data["__schema"]["queryType"]["fields"]}
    return types | fields


async def test_a_key_sees_what_its_scopes_open_and_nothing_else(sample: Sample) -> None:
    found = await seen(sample, Scope.BADGES_READ)
    assert found >= {"Query.holder", "Holder", "UnknownBadge", "Holding", "Failure"}
    assert not found & {"Student", "Students", "Group", "Status", "AbsenceInput", "Mutation", "Query.student"}


async def test_a_key_with_everything_sees_everything(sample: Sample) -> None:
    assert await seen(sample) >= {"Student", "Mutation", "AbsenceInput", "Line", "Query.students"}


async def test_a_key_without_queries_sees_an_empty_query(sample: Sample) -> None:
    assert not [each for each in await seen(sample, Scope.PAYMENTS_WRITE) if each.startswith("Query.")]


async def test_a_hidden_type_cannot_be_asked_for_by_name(sample: Sample) -> None:
    text = '{ __type(name: "Student") { name } }'
    assert (await sample.run(text, who=actor(Scope.BADGES_READ))).data == {"__type": None}
    assert (await sample.run(text)).data == {"__type": {"name": "Student"}}


async def test_tools_can_build_their_schema_from_the_usual_query(sample: Sample) -> None:
    for scopes in ((), (Scope.STUDENTS_READ,), (Scope.BADGES_READ,)):
        outcome = await sample.run(get_introspection_query(), who=actor(*scopes))
        assert outcome.data is not None
        assert not outcome.errors
        assert "type Query" in print_schema(build_client_schema(outcome.data))


def test_introspection_and_data_do_not_mix(sample: Sample) -> None:
    with pytest.raises(MixedIntrospection):
        sample.preparer.prepare('{ __schema { queryType { name } } student(matricule: "M") { name } }')
