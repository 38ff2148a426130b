"""A slice adds fields to the types of slices below."""

import pytest
import strawberry

from app.api.schema import assemble
from app.core.graph.extending import extends
from app.core.graph.scoped import scoped
from app.core.scopes import Scope

READ = Scope.STUDENTS_READ


@strawberry.type(description="Somebody.")
class Person:
    name: str = scoped(READ, description="The name.")


@strawberry.type(description="What somebody has.")
class Balance:
    amount: int = scoped(READ, description="How much.")


def _balance(root: Person) -> Balance:
    return Balance(amount=len(root.name))


@extends(Person)
class PersonMoney:
    balance: Balance = scoped(Scope.WALLETS_WRITE, description="What somebody has.", resolver=_balance)


@strawberry.type
class Query:
    @staticmethod
    def _person() -> Person:
        return Person(name="Awa")

    person: Person = scoped(READ, description="Somebody.", resolver=_person)


def test_the_field_is_the_lower_types_with_its_own_scope() -> None:
    schema = assemble([Query])
    result = schema.strawberry.execute_sync("{ person { name balance { amount } } }")
    assert result.data == {"person": {"name": "Awa", "balance": {"amount": 3}}}
    assert schema.catalogue.rule("Person", "balance").scopes == {"wallets:write"}
    assert "PersonMoney" not in schema.sdl()


def test_a_name_is_given_once() -> None:
    with pytest.raises(TypeError, match="Person already has the field name"):

        @extends(Person)
        class Again:
            name: str = scoped(READ, description="Once more.", resolver=_balance)


def test_a_field_without_a_resolver_would_have_no_value() -> None:
    with pytest.raises(TypeError, match=r"Bare\.age needs a resolver"):

        @extends(Person)
        class Bare:
            age: int = scoped(READ, description="How old.")
