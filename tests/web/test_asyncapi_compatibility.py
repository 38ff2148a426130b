"""A receiver written to an older document keeps working, or the topic has a new version."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from app.cli.export import ContractBroken, refuse_breaking_messages
from app.web.asyncapi import document
from app.web.asyncapi.compatibility import breaking_changes
from app.web.generated import ASYNCAPI, asyncapi_files

NAME = "wallet.low.v1"
Change = Callable[[dict[str, Any]], Any]


def changed(change: Change) -> list[str]:
    """What is said when the components change so."""
    contract = orjson.loads(document())
    change(contract["components"])
    return breaking_changes(document(), orjson.dumps(contract))


def facts(components: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = components["schemas"][NAME]["properties"]
    return properties


def raise_version(components: dict[str, Any]) -> None:
    own = components["messages"]["wallet.low"]["payload"]["allOf"][1]["properties"]
    own["schemaversion"]["const"] = 2
    for kind in ("", ".thin"):
        components["schemas"][f"wallet.low.v2{kind}"] = {"type": "object", "properties": {}, "required": []}
        del components["schemas"][f"wallet.low.v1{kind}"]


def test_nothing_committed_is_broken() -> None:
    refuse_breaking_messages(asyncapi_files())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda parts: facts(parts).pop("balance"), f"{NAME}: `balance` is gone"),
        (lambda parts: facts(parts)["balance"].update(type="string"), f"{NAME}: `balance` is told otherwise"),
        (
            lambda parts: parts["schemas"][NAME]["required"].remove("balance"),
            f"{NAME}: `balance` is no longer always told",
        ),
        (lambda parts: parts["messages"].pop("wallet.low"), "wallet.low: no longer sent"),
        (lambda parts: parts["schemas"].pop(NAME), f"{NAME}: taken away without a newer version"),
        (lambda parts: parts["schemas"]["Headers"]["properties"].pop("webhook-id"), "Headers: `webhook-id` is gone"),
    ],
)
def test_what_breaks_a_receiver_is_named(change: Change, said: str) -> None:
    assert changed(change) == [said]


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: facts(parts).update(later={"type": "string"}),
        lambda parts: facts(parts)["balance"].update(description="Other words."),
        lambda parts: parts["messages"].update({"wallet.frozen": parts["messages"]["wallet.low"]}),
        raise_version,
    ],
    ids=["a new fact", "other words", "a new topic", "a new version"],
)
def test_what_breaks_nobody_passes(change: Change) -> None:
    assert changed(change) == []


def test_an_export_that_breaks_is_refused() -> None:
    contract = orjson.loads(ASYNCAPI.read_bytes())
    facts(contract["components"]).pop("balance")
    with pytest.raises(ContractBroken, match=r"`balance` is gone[^$]*version"):
        refuse_breaking_messages({ASYNCAPI: orjson.dumps(contract)})
