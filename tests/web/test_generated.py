from pathlib import Path

from app.api.slices import skooly_schema
from app.core.scopes import Scope
from app.web.generated import schema_files, stale, write


def test_the_committed_schema_and_scopes_are_current() -> None:
    assert stale(schema_files(skooly_schema())) == [], "run ./skooly schema export and review the difference"


def test_every_scope_opens_something() -> None:
    opened = set().union(
        *(rule.scopes for rule in skooly_schema().catalogue.rules.values() if len(rule.scopes) < len(Scope))
    )
    assert opened == {str(scope) for scope in Scope}


def test_a_file_that_is_missing_or_different_is_stale(tmp_path: Path) -> None:
    files = {tmp_path / "a": b"new", tmp_path / "b": b"new"}
    (tmp_path / "b").write_bytes(b"old")
    assert stale(files) == list(files)
    write(files)
    assert stale(files) == []
