"""A school takes a shipped chart as its own, then changes what it wants: accounts are data, never constants."""

import pytest

from app.core.actor import Actor
from app.core.database import Database, Wall
from app.core.errors import InvalidInput
from app.domains.events.service import read_events
from app.domains.finance.account_tables import ACCOUNT_USES, JOURNAL_USES
from app.domains.finance.charts import CHARTS, chart_named
from app.domains.finance.errors import (
    AccountMapMissing,
    AccountNotFound,
    AccountTaken,
    ChartInUse,
    JournalNotFound,
)
from app.domains.finance.journal_records import Source
from app.domains.finance.service import (
    account_map,
    change_account_map,
    choose_chart,
    create_account,
    ensure_journal,
    list_accounts,
    post_entry,
)
from tests.support.factories.finance import VALIDATED_AT, make_books, sale
from tests.support.factories.partners import make_actor


@pytest.fixture
async def core(database: Database) -> Actor:
    return await make_actor(database)


@pytest.mark.parametrize("name", CHARTS)
def test_a_shipped_chart_knows_an_account_and_a_journal_for_every_use(name: str) -> None:
    chart = chart_named(name)
    assert set(chart.uses) == set(ACCOUNT_USES)
    assert set(chart.journals) == set(JOURNAL_USES)
    assert set(chart.uses.values()) <= set(chart.accounts)


def test_the_two_that_are_shipped() -> None:
    assert CHARTS == ("pcg", "syscohada")
    assert [chart_named(name).uses["receivable"] for name in CHARTS] == ["411", "4111"]
    assert {chart_named(name).uses["wallet"] for name in CHARTS} == {"4191"}


async def test_a_school_chooses_its_chart(database: Database, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        with pytest.raises(AccountMapMissing):
            await account_map(session)
        chosen = await choose_chart(session, "syscohada")
    assert (chosen.chart, chosen.chart_label) == ("syscohada", "SYSCOHADA révisé")
    assert [each.use for each in chosen.accounts] == list(ACCOUNT_USES)
    assert {each.use: each.journal for each in chosen.journals}["sales"] == "VT"
    async with database.transaction(Wall.app(core.school_id)) as session:
        assert await account_map(session) == chosen
        assert len(await list_accounts(session)) == len(chart_named("syscohada").accounts)
        [event] = await read_events(session, 0, 10)
    assert (event.type, event.facts["chart"]) == ("account_map.changed", "syscohada")
    assert event.facts["accounts"]["mobile_money"] == "552"


async def test_a_use_takes_another_account_and_another_journal(database: Database, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await choose_chart(session, "pcg")
        await create_account(session, code="5171", label="Wave")
        await ensure_journal(session, code="WV", label="Wave")
        changed = await change_account_map(session, accounts={"mobile_money": "5171"}, journals={"mobile_money": "wv"})
        assert [each.account for each in changed.accounts if each.use == "mobile_money"] == ["5171"]
        assert [each.journal for each in changed.journals if each.use == "mobile_money"] == ["WV"]
        again = await choose_chart(session, "pcg")
    assert [each.account for each in again.accounts if each.use == "mobile_money"] == ["517"]
    assert again.chosen_at == changed.chosen_at


async def test_what_a_map_does_not_take(database: Database, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        with pytest.raises(AccountMapMissing):
            await change_account_map(session, accounts={"bank": "512"})
        await choose_chart(session, "pcg")
        with pytest.raises(AccountNotFound):
            await change_account_map(session, accounts={"bank": "999"})
        with pytest.raises(JournalNotFound):
            await change_account_map(session, journals={"bank": "ZZ"})
        with pytest.raises(AccountTaken):
            await create_account(session, code="512", label="Banque")
        for unknown in ({"chart": "gaap"},):
            with pytest.raises(InvalidInput):
                await choose_chart(session, **unknown)
        with pytest.raises(InvalidInput):
            await change_account_map(session, accounts={"tips": "512"})


async def test_a_chart_that_was_posted_by_stays(database: Database, core: Actor) -> None:
    async with database.transaction(Wall.app(core.school_id)) as session:
        await choose_chart(session, "pcg")
        await choose_chart(session, "syscohada")
        await make_books(session)
        await post_entry(
            session,
            journal_code="VT",
            entry_date=VALIDATED_AT.date(),
            piece_ref="F-1",
            piece_date=VALIDATED_AT.date(),
            label="Facture",
            currency="XOF",
            lines=sale(),
            source=Source("invoice", core.partner_id),
        )
        with pytest.raises(ChartInUse):
            await choose_chart(session, "pcg")
        assert (await choose_chart(session, "syscohada")).chart == "syscohada"
