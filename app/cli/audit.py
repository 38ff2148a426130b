"""`skooly audit`: who saw whom, and whether that record is what it was."""

import asyncio
import json
from typing import Annotated, Any

import typer

from app.cli.audit_search import search
from app.cli.chosen_school import SchoolOption, choose_school
from app.cli.failure import CommandFailed
from app.cli.instance import DataOption, JsonOption, open_instance
from app.cli.steps import say
from app.core.database import Database
from app.domains.audit.verifying import Anchor, Verified, verify_chain
from app.domains.partners.service import list_schools
from app.domains.partners.tables import School

audit = typer.Typer(help="The audit: who saw whom, and whether that record is whole.", no_args_is_help=True)
audit.command()(search)


class ChainBroken(CommandFailed):
    """A link does not hold: the audit was changed after it was sealed."""


class AnchorUnreadable(CommandFailed):
    """What was given is not the end of a chain as `verify` prints it."""


@audit.command()
def verify(
    school: SchoolOption = None,
    anchor: Annotated[
        str | None,
        typer.Option(help="An end that an earlier run printed, 1234:9f86d0…; tells a chain that was written anew."),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute the hash chain of one school, or of all, and name the first broken link.

    Keep the end it prints somewhere else: whoever owns the database could write a whole chain anew.
    """
    noted = None if anchor is None else _anchor(anchor)
    with open_instance(data) as settings:
        found = asyncio.run(_verify(settings.database_url, school, noted))
    if as_json:
        print(json.dumps({"schools": [_shown(*each) for each in found]}, ensure_ascii=False))
    else:
        for where, verified in found:
            _print(where, verified)
    if any(verified.broken for _, verified in found):
        raise ChainBroken("the audit was changed after it was sealed. Compare with a backup from before.")


async def _verify(url: str, code: str | None, anchor: Anchor | None) -> list[tuple[School, Verified]]:
    """One school is chosen where an anchor is given: it is of one chain."""
    async with Database(url) as database:
        if code is None and anchor is None:
            schools = await list_schools(database)
        else:
            schools = [await choose_school(database, code)]
        return [(school, await verify_chain(database, school.id, anchor)) for school in schools]


def _print(school: School, verified: Verified) -> None:
    broken = verified.broken
    if broken is None:
        print(f"{school.code}: {verified.entries} entries hold, end {_end(verified)}")
    else:
        request = f", request {broken.request_id} ({broken.operation})" if broken.request_id else ""
        print(f"{school.code}: BROKEN at link {broken.position}{request}: {broken.reason}")
    if verified.forgotten:
        say(f"{school.code}: {verified.forgotten} subjects were erased and cannot be checked.")
    if verified.unsealed:
        say(f"{school.code}: {verified.unsealed} entries are not sealed: is the worker running?")


def _shown(school: School, verified: Verified) -> dict[str, Any]:
    broken = verified.broken
    return {
        "school": school.code,
        "entries": verified.entries,
        "end": _end(verified),
        "forgotten": verified.forgotten,
        "unsealed": verified.unsealed,
        "broken": None
        if broken is None
        else {
            "position": broken.position,
            "request_id": None if broken.request_id is None else str(broken.request_id),
            "operation": broken.operation,
            "reason": broken.reason,
        },
    }


def _end(verified: Verified) -> str:
    return f"{verified.entries}:{verified.link.hex()}"


def _anchor(text: str) -> Anchor:
    """Raises AnchorUnreadable."""
    position, _, link = text.partition(":")
    try:
        return Anchor(int(position), bytes.fromhex(link))
    except ValueError:
        raise AnchorUnreadable("An anchor looks like 1234:9f86d0…, as ./skooly audit verify prints it.") from None
