"""Repeating a passage under its idempotency key, with another key of the same partner."""

from dataclasses import replace

from app.core.actor import Actor
from app.domains.access.errors import InsufficientZone
from tests.domains.access.conftest import MakeVisit
from tests.domains.access.test_record_passage import RECORD, passage, record
from tests.support.operations import Asker


async def test_a_key_for_other_zones_is_not_told_what_was_recorded(
    asker: Asker, actor: Actor, visit: MakeVisit
) -> None:
    someone, elsewhere = await visit(), await visit()
    await record(asker, actor, passage(someone), key="once")
    keeper = replace(actor, zones=frozenset({elsewhere.zone.code}))
    refusal = await asker.refusal(keeper, RECORD, input=passage(someone), key="once")
    assert refusal == (InsufficientZone.code, "zone")
