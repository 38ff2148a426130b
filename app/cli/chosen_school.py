"""The school a command is about: the one named, or the only one there is."""

from typing import Annotated

import typer

from app.cli.failure import CommandFailed
from app.core.database import Database
from app.domains.partners.service import find_school, list_schools
from app.domains.partners.tables import School

SchoolOption = Annotated[
    str | None, typer.Option("--school", help="The school's code; may be left out when there is only one.")
]


class SchoolNotChosen(CommandFailed):
    """Nothing says which school is meant."""


async def choose_school(database: Database, code: str | None) -> School:
    """Raises SchoolNotFound, SchoolNotChosen."""
    if code is not None:
        return await find_school(database, code)
    schools = await list_schools(database)
    if len(schools) == 1:
        return schools[0]
    if not schools:
        raise SchoolNotChosen("There is no school yet. Make one with ./skooly schools create.")
    codes = ", ".join(school.code for school in schools)
    raise SchoolNotChosen(f"There are {len(schools)} schools. Choose one with --school: {codes}.")
