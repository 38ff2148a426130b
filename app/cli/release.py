"""`skooly schema check` and `skooly release`: what was promised to clients, and how a promise comes to be."""

import tomllib
from typing import TYPE_CHECKING

from app.cli.failure import CommandFailed
from app.cli.steps import say

if TYPE_CHECKING:
    from app.web.promises import Change, Contract

HEADING = "## "


class PromiseBroken(CommandFailed):
    """Clients of the last release would break, and no decision says so."""


class NotReleasable(CommandFailed):
    """The version, its changelog or the generated files are not ready."""


def check_schema() -> None:
    """Compare the schema, its scopes, /v1 and events with the last release.

    Refuses what breaks clients and no ADR names.
    """
    from app.web.promises import Contract

    released = Contract.released()
    if released is None:
        say("Nothing has been released yet: nothing can break.")
    else:
        refuse_broken(released, Contract.committed())
        say(f"Clients of {released.version} keep working.")


def release() -> None:
    """Make the committed contract the promise of the version in pyproject.toml. Commit and tag what it writes."""
    from app.web.generated import ROOT
    from app.web.promises import Contract

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    released, committed = Contract.released(), Contract.committed()
    refuse_unready(version, released.version if released else None, (ROOT / "CHANGELOG.md").read_text())
    if released:
        refuse_broken(released, committed)
    committed.release(version)
    say(f"released/: the promise of {version}. Commit it, and tag the commit v{version}.")


def refuse_broken(old: "Contract", new: "Contract", excuses: frozenset[str] | None = None) -> None:
    """Raises PromiseBroken; tells of what is excused or dangerous."""
    from app.web.promises import broken, dangerous, excused

    allowed = excused() if excuses is None else excuses
    changes = broken(old, new)
    for change in changes:
        if change.coordinate in allowed:
            say(f"broken, as a decision says: {change}")
    for change in dangerous(old, new):
        say(f"worth a line in the changelog: {change}")
    if refused := [change for change in changes if change.coordinate not in allowed]:
        raise PromiseBroken(_refusal(old.version, refused))


def refuse_unready(version: str, last: str | None, changelog: str) -> None:
    """Raises NotReleasable."""
    if last is not None and _numbers(version) <= _numbers(last):
        raise NotReleasable(f"{last} is released already. Raise the version in pyproject.toml, now {version}.")
    if not any(line.startswith(f"{HEADING}{version}") for line in changelog.splitlines()):
        raise NotReleasable(f"CHANGELOG.md has no section {HEADING}{version}. Give what is Unreleased this heading.")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _refusal(version: str, changes: "list[Change]") -> str:
    listed = "\n".join(f"  {change}" for change in changes)
    names = ", ".join(dict.fromkeys(f"`{change.coordinate}`" for change in changes))
    return (
        f"Clients of {version} would break:\n{listed}\n"
        "Keep the old form beside the new one, deprecated (docs/deprecation.md). If it must go, say why in docs/adr, "
        f"with the line\n  Breaks: {names}"
    )
