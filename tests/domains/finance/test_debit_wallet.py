"""Taking money out of a wallet, and putting a wallet right."""

import asyncio
from typing import Any

import pytest

from app.core.database import Wall
from tests.domains.finance.desk import Desk
from tests.support.factories.finance import make_top_up


@pytest.fixture
async def filled(desk: Desk) -> Desk:
    """With 500 in the wallet."""
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        await make_top_up(session, desk.actor, desk.matricule, 500)
    return desk


def line(desk: Desk, amount: str, **others: Any) -> dict[str, Any]:
    return {"matricule": desk.matricule.lower(), "amount": amount, "currency": "XOF", "reference": "R-1", **others}


async def balance(desk: Desk) -> int:
    held: int = await desk.fetch("SELECT balance FROM wallet")
    return held


async def test_debit_wallet(filled: Desk) -> None:
    answer = await filled.do("debitWallet", **line(filled, "200"))
    assert answer == {
        "__typename": "WalletEntry",
        "id": answer["id"],
        "kind": "debit",
        "amount": "-200",
        "balance": "300",
        "reference": "R-1",
        "reason": None,
        "forced": False,
    }
    *_, (topic, facts) = await filled.events()
    assert topic == "wallet.debited"
    assert facts == {
        "matricule": filled.matricule,
        "reference": "R-1",
        "amount": -200,
        "currency": "XOF",
        "balance": 300,
        "reason": None,
        "forced": False,
    }


async def test_a_debit_stops_at_zero_unless_it_is_forced(filled: Desk) -> None:
    assert await filled.refused("debitWallet", **line(filled, "501")) == ("InsufficientBalance", "amount")
    without_reason = line(filled, "501", forced=True)
    assert await filled.refused("debitWallet", **without_reason) == ("InvalidInput", "reason")
    answer = await filled.do("debitWallet", **line(filled, "501", forced=True, reason="Goûter de la sortie"))
    assert (answer["balance"], answer["forced"]) == ("-1", True)


async def test_a_wallet_is_emptied_to_the_last(filled: Desk) -> None:
    assert (await filled.do("debitWallet", **line(filled, "500")))["balance"] == "0"


async def test_debits_at_once_never_overdraw(filled: Desk) -> None:
    async def debit(nth: int) -> str:
        return str((await filled.do("debitWallet", **line(filled, "200", reference=f"R-{nth}")))["__typename"])

    answers = await asyncio.gather(*(debit(nth) for nth in range(6)))
    assert sorted(answers) == ["InsufficientBalance"] * 4 + ["WalletEntry"] * 2
    assert await balance(filled) == 100


@pytest.mark.parametrize(("amount", "after"), [("250", 750), ("-250", 250), ("-600", -100)])
async def test_correct_wallet(filled: Desk, amount: str, after: int) -> None:
    answer = await filled.do("correctWallet", **line(filled, amount, reason="Repas compté deux fois"))
    assert (answer["kind"], answer["amount"], answer["balance"]) == ("correction", amount, str(after))
    assert await balance(filled) == after
    assert (await filled.told())[-1] == "wallet.corrected"


@pytest.mark.parametrize("name", ["debitWallet", "correctWallet"])
async def test_a_reference_twice_is_one_line(filled: Desk, name: str) -> None:
    given = line(filled, "100", reason="Erreur")
    first = await filled.do(name, **given)
    await filled.do(name, **{**given, "reference": "R-2"})
    assert await filled.do(name, **given) == first
    assert await filled.refused(name, **{**given, "amount": "101"}) == ("WalletConflict", "reference")
    assert await filled.fetch("SELECT count(*) FROM wallet_entry") == 3


@pytest.mark.parametrize(
    ("name", "changed", "failure", "field"),
    [
        ("debitWallet", {"matricule": "NOBODY"}, "StudentNotFound", "matricule"),
        ("debitWallet", {"currency": "EUR"}, "CurrencyMismatch", "currency"),
        ("debitWallet", {"amount": "-1"}, "InvalidInput", "amount"),
        ("debitWallet", {"amount": "0"}, "InvalidInput", "amount"),
        ("debitWallet", {"reference": " "}, "InvalidInput", "reference"),
        ("correctWallet", {"amount": "0"}, "InvalidInput", "amount"),
        ("correctWallet", {"reason": ""}, "InvalidInput", "reason"),
    ],
)
async def test_refusals_change_nothing(
    filled: Desk, name: str, changed: dict[str, Any], failure: str, field: str
) -> None:
    given = {**line(filled, "100", reason="Erreur"), **changed}
    assert await filled.refused(name, **given) == (failure, field)
    assert await balance(filled) == 500


@pytest.mark.parametrize("name", ["debitWallet", "correctWallet"])
async def test_there_is_no_wallet(desk: Desk, name: str) -> None:
    assert await desk.refused(name, **line(desk, "1", reason="Erreur")) == ("WalletNotFound", "matricule")
