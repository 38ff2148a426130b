"""Every refusal says the same thing in French and in English."""

import string

import pytest

from app.core.errors import SkoolyError
from app.core.tabular.errors import CellRefused, FileRefused


def facts(template: str) -> set[str]:
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    return {name.removesuffix("_fr").removesuffix("_en") for name in names}


@pytest.mark.parametrize("error", [*FileRefused.__subclasses__(), *CellRefused.__subclasses__()])
def test_both_languages_use_the_same_facts(error: type[SkoolyError]) -> None:
    assert facts(error.fr) == facts(error.en)
    assert "_en}" not in error.fr
    assert "_fr}" not in error.en


def test_codes_are_unique() -> None:
    codes = [error.code for error in (*FileRefused.__subclasses__(), *CellRefused.__subclasses__())]
    assert len(codes) == len(set(codes))
