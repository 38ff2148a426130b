"""The books of 31 December 2024: complete, balanced, numbered without gaps, the same on every day."""

from collections import Counter
from datetime import date

from app.demo.entries import DAY, LABELS, pieces
from app.domains.finance.service import journals_of
from tests.demo.conftest import Filled


def test_every_piece_is_balanced_in_one_currency() -> None:
    for piece in pieces():
        assert sum(line.debit for line in piece.lines) == sum(line.credit for line in piece.lines) > 0
        assert len(piece.lines) >= 2
        assert all(bool(line.debit) != bool(line.credit) for line in piece.lines)


def test_the_four_journals_and_every_account_are_there() -> None:
    assert Counter(piece.journal for piece in pieces()).keys() == {"VT", "BQ", "OD", "CN"}
    assert {line.account for piece in pieces() for line in piece.lines} == set(LABELS)
    assert {piece.currency for piece in pieces()} == {"XOF", "EUR"}


def test_references_are_unique_and_a_reversal_names_its_piece() -> None:
    refs = [piece.ref for piece in pieces()]
    assert len(set(refs)) == len(refs)
    [reversal] = [piece for piece in pieces() if piece.reverses]
    assert reversal.reverses in refs


async def test_the_day_as_the_accountant_reads_it(filled: Filled) -> None:
    async with filled.database.transaction(filled.wall) as session:
        day = await journals_of(session, DAY, today=date(2025, 1, 13))
        empty = await journals_of(session, date(2024, 12, 30), today=date(2025, 1, 13))
    assert not day.provisional
    assert len(day.entries) == len(pieces())
    assert all(total.debit == total.credit > 0 for total in day.totals)
    assert [total.currency for total in day.totals] == ["EUR", "XOF"]
    assert not empty.entries
    numbers: dict[str, list[int]] = {}
    for entry in day.entries:
        numbers.setdefault(entry.journal_code, []).append(entry.number)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert {entry.status for entry in day.entries} == {"validated"}
    [reversal] = [entry for entry in day.entries if entry.reverses_entry_id]
    assert reversal.reverses_entry_id in {entry.id for entry in day.entries}
