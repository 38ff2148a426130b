from typing import Annotated

import pytest
import strawberry

from app.api.catalogue import SchemaRefused, scope_snapshot
from app.api.schema import assemble
from app.core.graph.scoped import scoped
from app.core.scopes import Scope
from tests.api.support import Sample

READ = Scope.STUDENTS_READ


def refused(*queries: type, mutations: tuple[type, ...] = ()) -> str:
    with pytest.raises(SchemaRefused) as refusal:
        assemble(queries, mutations)
    return str(refusal.value)


def test_a_field_without_a_scope_stops_the_start() -> None:
    @strawberry.type(description="A thing.")
    class Thing:
        bare: str = strawberry.field(description="No scope.")

    @strawberry.type
    class Query:
        thing: Thing = scoped(READ, description="A thing.", resolver=lambda: None)

    assert "Thing.bare declares no scope: make it with scoped(" in refused(Query)


def test_a_root_field_an_interface_field_and_an_input_field_need_scopes_too() -> None:
    @strawberry.interface(description="Named.")
    class Named:
        name: str

    @strawberry.type(description="A thing.")
    class Thing(Named):
        size: int = scoped(READ, description="Its size.")

    @strawberry.input(description="What to do.")
    class Order:
        what: str

    def _change(order: Annotated[Order, strawberry.argument(description="What.")]) -> Thing:
        raise NotImplementedError

    @strawberry.type
    class Query:
        thing: Thing = scoped(READ, description="A thing.", resolver=lambda: None)

    @strawberry.type
    class Mutation:
        change: Thing = strawberry.field(resolver=_change, description="No scope.")

    text = refused(Query, mutations=(Mutation,))
    for coordinate in ("Mutation.change", "Named.name", "Thing.name", "Order.what"):
        assert f"{coordinate} declares no scope" in text


def test_everything_is_described() -> None:
    @strawberry.type
    class Thing:
        size: int = scoped(READ, description="")

    def _thing(of: str) -> Thing:
        raise NotImplementedError

    @strawberry.type
    class Query:
        thing: Thing = scoped(READ, description="A thing.", resolver=_thing)

    text = refused(Query)
    assert "Thing has no description" in text
    assert "Thing.size has no description" in text
    assert "Query.thing(of:) has no description" in text


def test_an_implementation_may_not_ask_for_more_than_its_interface() -> None:
    @strawberry.interface(description="Named.")
    class Named:
        name: str = scoped(READ, Scope.BADGES_READ, description="A name.")

    @strawberry.type(description="A thing.")
    class Thing(Named):
        name: str = scoped(READ, description="A name.")

    @strawberry.type
    class Query:
        thing: Thing = scoped(READ, description="A thing.", resolver=lambda: None)

    assert "Thing.name is narrower than Named.name: add badges:read" in refused(Query)


def test_the_snapshot_names_every_coordinate_in_order(sample: Sample) -> None:
    lines = scope_snapshot(sample.schema.catalogue).splitlines()
    assert lines == sorted(lines)
    assert "Student.matricule: badges:read | students:list | students:read" in lines
    assert "AbsenceInput.on: absences:write" in lines
    assert "UnknownBadge.code: any scope" in lines
