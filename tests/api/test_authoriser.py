import pytest

from app.api.authoriser import authorise
from app.api.errors import InsufficientScope
from app.core.scopes import Scope
from tests.api.support import Sample, actor

READ, LIST, BADGES = str(Scope.STUDENTS_READ), str(Scope.STUDENTS_LIST), str(Scope.BADGES_READ)
WRITE, MONEY = str(Scope.ABSENCES_WRITE), str(Scope.WALLETS_WRITE)

ALLOWED = [
    ('{ student(matricule: "M") { matricule name } }', {READ}),
    ('{ student(matricule: "M") { matricule friends { name group { name } } } }', {READ}),
    ("{ students { nodes { name } } }", {LIST}),
    (
        '{ holder(badge: "B1") { ... on Holder { name } ... on Failure { code } ... on UnknownBadge { message } } }',
        {BADGES},
    ),
    ("{ __typename }", {WRITE}),
    ("{ __schema { queryType { name } } }", {WRITE}),
    ('{ student(matricule: "M") { ...S } } fragment S on Student { ... on Student { balance } }', {READ, MONEY}),
]

DENIED = [
    ('{ student(matricule: "M") { name } }', {BADGES}, {READ}),
    ('{ student(matricule: "M") { balance } }', {READ}, {MONEY}),
    ('{ student(matricule: "M") { balance @skip(if: true) } }', {READ}, {MONEY}),
    ('{ student(matricule: "M") { ...S } } fragment S on Student { friends { balance } }', {READ}, {MONEY}),
    ('{ student(matricule: "M") { ... { ... on Student { alias: balance } } } }', {READ}, {MONEY}),
    ('{ holder(badge: "B1") { ... on Holder { name } } }', {READ}, {BADGES}),
    ('mutation { recordAbsence(input: {matricule: "M", on: "2025-01-01"}) { __typename } }', {READ}, {WRITE}),
    ('mutation { recordAbsence(input: {matricule: "M", on: "2025-01-01", fee: 1}) { __typename } }', {WRITE}, {MONEY}),
    ("mutation A($i: AbsenceInput!) { recordAbsence(input: $i) { __typename } }", {WRITE}, {MONEY}),
]


@pytest.mark.parametrize(("text", "scopes"), ALLOWED)
def test_an_operation_passes_with_just_its_scopes(sample: Sample, text: str, scopes: set[str]) -> None:
    authorise(actor(*scopes), sample.preparer.prepare(text).needs)


@pytest.mark.parametrize(("text", "scopes", "missing"), DENIED)
def test_one_closed_field_denies_the_whole_operation(
    sample: Sample, text: str, scopes: set[str], missing: set[str]
) -> None:
    needs = sample.preparer.prepare(text).needs
    with pytest.raises(InsufficientScope) as refusal:
        authorise(actor(*scopes), needs)
    assert missing <= set().union(*refusal.value.missing)
    assert all(scope in refusal.value.message("fr") for scope in missing)
    authorise(actor(*scopes, *missing), needs)


def test_an_input_literal_needs_only_the_fields_it_gives(sample: Sample) -> None:
    text = 'mutation { recordAbsence(input: {matricule: "M", on: "2025-01-01"}) { __typename } }'
    authorise(actor(WRITE), sample.preparer.prepare(text).needs)


def test_a_fragment_named_like_an_input_type_hides_nothing(sample: Sample) -> None:
    text = (
        "mutation M($i: AbsenceInput!) { recordAbsence(input: $i) { ...AbsenceInput } } "
        "fragment AbsenceInput on Student { status }"
    )
    needs = sample.preparer.prepare(text).needs
    assert "Student.status" in needs.coordinates
    assert "AbsenceInput.matricule" in needs.coordinates


def test_only_the_chosen_operation_counts(sample: Sample) -> None:
    text = 'query A { student(matricule: "M") { balance } } query B { students { nodes { name } } }'
    authorise(actor(LIST), sample.preparer.prepare(text, "B").needs)


OBJECTS = {"friends", "group", "mentor", "guide"}


@pytest.mark.parametrize("coordinate", [c for c in Sample().schema.catalogue.rules if c.startswith("Student.")])
def test_every_coordinate_is_open_to_each_of_its_scopes_and_closed_without(sample: Sample, coordinate: str) -> None:
    """The matrix, on the sample's largest type: the root needs `students:read`, the field one of its own."""
    name = coordinate.partition(".")[2]
    selection = f"{name} {{ __typename }}" if name in OBJECTS else name
    needs = sample.preparer.prepare(f'{{ student(matricule: "M") {{ {selection} }} }}').needs
    rule = sample.schema.catalogue.rules[coordinate]
    for scope in Scope:
        if rule.scopes & {READ, str(scope)}:
            authorise(actor(READ, str(scope)), needs)
        else:
            with pytest.raises(InsufficientScope):
                authorise(actor(READ, str(scope)), needs)


def test_documentation_gets_the_scopes_an_operation_needs(sample: Sample) -> None:
    assert sample.preparer.prepare('{ student(matricule: "M") { balance name } }').scopes == {READ, MONEY}


def test_personal_data_is_known(sample: Sample) -> None:
    assert sample.preparer.prepare('{ student(matricule: "M") { name } }').needs.personal
    assert not sample.preparer.prepare("{ students { nodes { status } } }").needs.personal
