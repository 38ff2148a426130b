import asyncpg
import pytest

from app.api.errors import Internal, Timeout
from app.api.faults import name_failure
from app.core.errors import Unavailable
from app.core.ids import new_id
from tests.api.support import Sample


async def test_data_and_cost_come_out(sample: Sample) -> None:
    outcome = await sample.run('{ student(matricule: "M7") { matricule status friends { name } } }')
    assert outcome.data == {
        "student": {"matricule": "M7", "status": "ENROLLED", "friends": [{"name": "Ndiaye"}, {"name": "Ndiaye"}]}
    }
    assert outcome.cost.nodes == 3


async def test_an_expected_failure_keeps_its_code_its_words_and_its_place(sample: Sample) -> None:
    outcome = await sample.run(
        '{ a: student(matricule: "refuse") { name } b: student(matricule: "M") { name } }', language="fr"
    )
    assert outcome.data == {"a": None, "b": {"name": "Ndiaye"}}
    (error,) = outcome.errors
    assert (error.code, error.field, error.path) == ("NO_SUCH_STUDENT", "matricule", ("a",))
    assert error.message == "Aucun étudiant refuse."


async def test_an_unexpected_failure_shows_nothing_but_the_request_id(sample: Sample) -> None:
    outcome = await sample.run('{ a: student(matricule: "crash") { name } b: student(matricule: "M") { name } }')
    (error,) = outcome.errors
    assert error.code == "INTERNAL_ERROR"
    assert "secret" not in error.message
    assert "request id" in error.message


async def test_an_operation_of_which_nothing_came_is_a_failure_as_a_whole(sample: Sample) -> None:
    with pytest.raises(Internal):
        await sample.run('{ student(matricule: "crash") { name } }')
    with pytest.raises(Internal):
        await sample.run('{ sure(matricule: "gone") { name } }')  # null where the schema promises a student


async def test_time_is_limited() -> None:
    with pytest.raises(Timeout):
        await Sample(seconds=0.05).run('{ student(matricule: "hang") { name } }')


async def test_the_null_of_an_unknown_student_is_no_error(sample: Sample) -> None:
    outcome = await sample.run('{ student(matricule: "X") { name } }')
    assert outcome.data == {"student": None}
    assert not outcome.errors


def test_an_unreachable_database_is_named() -> None:
    def wrapped(cause: Exception) -> Exception:
        outer = RuntimeError("wrapped")
        outer.__cause__ = cause
        return outer

    assert isinstance(name_failure(wrapped(ConnectionRefusedError()), new_id()), Unavailable)
    broken_off = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert isinstance(name_failure(wrapped(broken_off), new_id()), Unavailable)
    assert isinstance(
        name_failure(wrapped(asyncpg.OutdatedSchemaCacheError("the table has changed")), new_id()), Internal
    )
    assert isinstance(name_failure(ValueError("x"), new_id()), Internal)
