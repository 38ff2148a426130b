import importlib
import pkgutil
import re

import app
from app.api.errors import RateLimited
from app.api.problems import PROBLEMS, headers_of, named_failures, problem_of
from app.core.errors import InvalidInput, Unavailable
from app.domains.partners.errors import KeyMissing

OF_THE_COMMAND_LINE = re.compile(r"app\.core\.(tabular|staging|safety)|app\.domains\.\w+\.imports\b")
"""What reads files or refuses to start speaks to whoever typed the command: it has no status."""


def import_every_error() -> None:
    """Failures live in the modules called errors, and beside what raises them in the core."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.endswith(".errors") or module.name.startswith("app.core."):
            importlib.import_module(module.name)


def test_every_failure_has_a_status_and_every_status_a_failure() -> None:
    import_every_error()
    spoken = (kind for kind in named_failures() if not OF_THE_COMMAND_LINE.match(kind.__module__))
    codes = {kind.code for kind in spoken if kind.__module__.startswith("app.")}
    assert codes - set(PROBLEMS) == set(), "add a status and two titles to app/api/problems.py"
    assert set(PROBLEMS) - codes == set(), "nothing fails like this any more"


def test_every_failure_has_words_in_both_languages() -> None:
    import_every_error()
    for kind in named_failures():
        assert kind.fr
        assert kind.en
        assert kind.fr != kind.en


def test_titles_and_statuses_are_complete() -> None:
    for code, problem in PROBLEMS.items():
        assert code == code.upper()
        assert 400 <= problem.status < 600
        assert problem.title("fr")
        assert problem.title("en")


def test_what_is_not_in_the_table_is_an_internal_error() -> None:
    assert problem_of("NEVER_HEARD_OF").status == 500


def test_statuses_bring_the_headers_they_oblige_to() -> None:
    assert headers_of(Unavailable()) == {"retry-after": "5"}
    assert headers_of(RateLimited(limit=6000, seconds=12)) == {"retry-after": "12"}
    assert "www-authenticate" in headers_of(KeyMissing())
    assert headers_of(InvalidInput(reason_fr="", reason_en="")) == {}
