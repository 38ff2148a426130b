import pytest

from app.api.cost import MAX_COST, Cost, check_cost
from app.api.errors import CostExceeded
from tests.api.support import Sample


def cost(sample: Sample, text: str, **variables: int) -> Cost:
    return sample.preparer.prepare(text).estimator.estimate(variables)


def test_a_single_object_costs_one(sample: Sample) -> None:
    assert cost(sample, '{ student(matricule: "M") { name status } }') == Cost(nodes=1, cost=1)


def test_a_page_multiplies_what_is_under_its_list(sample: Sample) -> None:
    # students: 2 and one node; nodes: 1 and ten; each group: 1 and one.
    assert cost(sample, "{ students(first: 10) { nodes { group { name } } } }") == Cost(nodes=21, cost=13)


def test_the_page_size_may_be_a_default_or_a_variable(sample: Sample) -> None:
    assert cost(sample, "{ students { nodes { name } } }").nodes == 21
    text = "query Q($n: Int!) { students(first: $n) { nodes { name } } }"
    assert cost(sample, text, n=7).nodes == 8
    assert sample.preparer.prepare(text).estimator.ceiling.nodes == 101


def test_a_list_without_first_holds_its_declared_size(sample: Sample) -> None:
    assert cost(sample, '{ student(matricule: "M") { friends { name } } }') == Cost(nodes=3, cost=4)


def test_fragments_cost_wherever_they_are_spread(sample: Sample) -> None:
    text = (
        '{ a: sure(matricule: "M") { ...F } b: sure(matricule: "M") { ...F } } '
        "fragment F on Student { friends { name } }"
    )
    assert cost(sample, text) == Cost(nodes=6, cost=8)


def test_nested_lists_explode_and_are_refused(sample: Sample) -> None:
    text = "{ students(first: 100) { nodes { friends { friends { friends { name } } } } } }"
    with pytest.raises(CostExceeded):
        check_cost(cost(sample, text))


def test_absurd_pages_are_refused_without_trouble(sample: Sample) -> None:
    text = "{ students(first: 2147483647) { nodes { group { name } } } }"
    with pytest.raises(CostExceeded) as refusal:
        check_cost(cost(sample, text))
    assert "10⁹" in refusal.value.message("fr")


def test_the_limit_itself_passes() -> None:
    check_cost(Cost(cost=MAX_COST))
    with pytest.raises(CostExceeded):
        check_cost(Cost(cost=MAX_COST + 1))
