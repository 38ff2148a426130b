"""The documents of the product itself: where they lie, and that nothing of them is dead."""

from pathlib import Path

from graphql import FragmentDefinitionNode, parse

import compat_rest
from compat_rest.compatibility import breaking_changes
from compat_rest.documents import read_library

DOCUMENTS = Path(compat_rest.__file__).parent


def test_every_shared_fragment_is_spread_somewhere() -> None:
    library = read_library(DOCUMENTS / "operations", DOCUMENTS / "fragments")
    assert library.mistakes == []
    spread = {fragment.name.value for each in library.operations for fragment in each.fragments}
    shared = {
        definition.name.value
        for path in (DOCUMENTS / "fragments").rglob("*.graphql")
        for definition in parse(path.read_text("utf-8")).definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    assert shared == spread


def test_every_operation_lies_in_the_folder_of_its_slice() -> None:
    slices = {path.name for path in (DOCUMENTS.parent / "app" / "domains").iterdir() if path.is_dir()}
    for path in (DOCUMENTS / "operations").rglob("*.graphql"):
        assert path.parent.name in slices


def test_the_committed_contract_is_compatible_with_itself() -> None:
    committed = (DOCUMENTS / "openapi.json").read_bytes()
    assert breaking_changes(committed, committed) == []
