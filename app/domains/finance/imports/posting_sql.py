"""Posting what an import has made, in its own transaction, by the school's account map."""

from app.core.database import RawConnection

POSTED = """
    entry_id uuid, journal text, number integer, entry_date date, piece_ref text, currency text, total bigint"""
"""The temporary table `posted`: the entries that were made."""

AT_ONCE = 20_000
"""Pieces of one statement: each is some five hundred bytes of JSON."""

EVENTS = """
SELECT 'journal_entry.validated', entry_id, jsonb_build_object('journal', journal, 'number', number,
    'entry_date', entry_date, 'piece_ref', piece_ref, 'currency', currency, 'total', total), $1::timestamptz
FROM posted ORDER BY journal, number
"""


async def post_imported(connection: RawConnection, facts: str, last_line: str) -> None:
    """Runs `facts`, a statement that yields what `post_facts` takes for the lines from $1 to $2, up to `last_line`.

    A school without a map posts nothing.
    """
    if not await connection.fetchval("SELECT true FROM account_map"):
        return
    last = await connection.fetchval(last_line) or 0
    for first in range(0, last + 1, AT_ONCE):
        statement = f"INSERT INTO posted SELECT * FROM post_facts(coalesce(({facts}), '[]'::jsonb))"  # noqa: S608
        await connection.execute(statement, first, first + AT_ONCE)
