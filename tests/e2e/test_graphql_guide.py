"""What the GraphQL guide shows is what happens: every operation, with the key of its preset."""

import json
import re
from collections.abc import Iterator

import pytest

from app.web.graphiql.guide import FROM_BEFORE, GUIDE, Example, examples
from tests.e2e.conftest import School
from tests.e2e.documents import examples as commands
from tests.e2e.documents import variables_of
from tests.support.platform import RunningPlatform

FOUND = examples(GUIDE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def own_school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """A platform of its own: the guide changes what it shows."""
    platform = RunningPlatform(tmp_path_factory.mktemp("guide") / "data")
    school = School(platform)
    yield school
    school.close()
    platform.close()


def fits(shown: str, data: object) -> bool:
    """`shown` is JSON, however it is spaced, with … for anything; a `…` in a list or an object is any rest."""
    pattern = ".*".join(re.escape(_squeezed(part)) for part in shown.split("…"))
    return re.fullmatch(pattern, _squeezed(json.dumps(data, ensure_ascii=False)), re.DOTALL) is not None


def _squeezed(text: str) -> str:
    """Without the white space between the marks; that inside of texts goes too, on both sides alike."""
    return re.sub(r"\s+", "", text)


class Seen:
    """The last value of each name in the answers so far."""

    def __init__(self) -> None:
        self._values: dict[str, object] = {}

    def note(self, value: object) -> None:
        for name, inner in value.items() if isinstance(value, dict) else ():
            self._values[name] = inner
            self.note(inner)
        for inner in value if isinstance(value, list) else ():
            self.note(inner)

    def fill(self, value: object) -> object:
        if isinstance(value, dict):
            return {name: self.fill(inner) for name, inner in value.items()}
        if isinstance(value, str) and value.startswith(FROM_BEFORE):
            return self._values[value.removeprefix(FROM_BEFORE)]
        return value


def test_every_operation_answers_as_printed(own_school: School) -> None:
    seen = Seen()
    for each in FOUND:
        answer = own_school.client(each.preset).post(
            "/graphql", json={"query": each.query, "variables": seen.fill(each.variables)}
        )
        body = answer.json()
        seen.note(body)
        assert each.answer is not None, f"{each.title}: the guide shows no answer"
        shown = body if '"errors"' in each.answer else body.get("data")
        assert fits(each.answer, shown), f"{each.title} answered\n{json.dumps(body, ensure_ascii=False, indent=2)}"


def test_every_command_answers_as_printed(own_school: School) -> None:
    found = commands(GUIDE)
    assert found
    for each in found:
        printed = each.run(variables_of(own_school.platform.url, own_school.keys))
        assert each.fits(printed), f"{each.command}\nprinted\n{printed}"


def test_what_is_not_printed_does_not_fit() -> None:
    assert fits('{"a": [{"b": "…"}, …]}', {"a": [{"b": "x"}, {"c": 1}]})
    for shown in ('{"a": 1}', '{"a": {"b": "…"}}', '{"a": […], "c": 1}', ""):
        assert not fits(shown, {"a": [{"b": "x"}]})


def test_titles_are_told_apart() -> None:
    """They are the names of the examples in the page at /graphql."""
    titles = [each.title for each in FOUND]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("each", FOUND, ids=lambda each: each.title)
def test_an_operation_is_named(each: Example) -> None:
    assert re.match(r"(#.*\n)*(query|mutation|subscription) [A-Z]", each.query)
