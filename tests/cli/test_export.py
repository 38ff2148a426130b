"""The contract of /v1 is not broken by accident."""

import json
from pathlib import Path

import pytest

from app.api.slices import skooly_schema
from app.cli.export import ContractBroken, refuse_breaking_changes
from app.web.generated import OPENAPI, openapi_files


def test_the_committed_contract_breaks_nobody() -> None:
    refuse_breaking_changes(openapi_files(skooly_schema()))


def test_a_removed_endpoint_is_refused_and_named(tmp_path: Path) -> None:
    contract = json.loads(OPENAPI.read_bytes())
    committed = tmp_path / "openapi.json"
    committed.write_bytes(OPENAPI.read_bytes())
    removed = sorted(contract["paths"])[0]
    del contract["paths"][removed]
    with pytest.raises(ContractBroken, match=removed):
        refuse_breaking_changes({committed: json.dumps(contract).encode()})
