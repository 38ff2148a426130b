"""Searching the audit: who saw whom, the newest first.

A search goes along the narrowest look-up it can: by student, key, partner or operation among the sealed entries, beside
the few that are not sealed yet; without any of these, along the entries themselves. Moments are those of the
requests' ids.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import first_id_at
from app.core.pagination import Page, Position
from app.domains.audit.sealing import OVERLAP, before
from app.domains.audit.statements import CHAIN_HEAD_HERE

FIRST_ID, LAST_ID = UUID(int=0), UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class Search:
    """What entries must be like; None asks for nothing. `until` itself is not in it."""

    subject: UUID | None = None
    key_id: str | None = None
    partner_id: UUID | None = None
    operation: str | None = None
    channel: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def given(self) -> dict[str, Any]:
        asked = {name: getattr(self, name) for name in CONDITIONS}
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry. `partner` is None for the command line on the server; `subjects` may hold the nil UUID: forgotten."""

    request_id: UUID
    operation: str
    at: datetime
    channel: str
    key_id: str
    partner: str | None
    subjects: tuple[UUID, ...]


CONDITIONS = {
    "subject": ":subject = ANY (e.subjects)",
    "key_id": "e.key_id = :key_id",
    "partner_id": "e.partner_id = :partner_id",
    "operation": "e.operation = :operation",
    "channel": "e.channel = :channel",
}
# The narrowest first.
LOOK_UPS = {
    "subject": "audit_subject s WHERE s.subject = :subject",
    "key_id": "audit_seal s WHERE s.key_id = :key_id",
    "partner_id": "audit_seal s WHERE s.partner_id = :partner_id",
    "operation": "audit_seal s WHERE s.operation = :operation",
}
_HERE = "current_setting('app.school')::uuid"
_SEARCH = """
SELECT e.request_id, e.operation, e.at, e.channel, e.key_id, p.name AS partner, e.subjects
FROM {source}
LEFT JOIN partner p ON p.school_id = e.school_id AND p.id = e.partner_id
WHERE e.school_id = {here} AND e.request_id >= :since AND e.request_id <= :before_id
    AND (e.request_id, e.operation) < (:before_id, :before_operation){conditions}
ORDER BY e.request_id DESC, e.operation DESC LIMIT :count
"""
_FOUND = """(
    SELECT s.request_id, s.operation FROM {look_up}
        AND s.school_id = {here} AND s.request_id >= :since AND s.request_id <= :before_id
    UNION ALL
    SELECT e.request_id, e.operation FROM audit_entry e
    WHERE e.school_id = {here} AND e.request_id >= greatest(:since, :tail) AND e.request_id <= :before_id
        AND {condition} AND NOT EXISTS (
            SELECT FROM audit_seal s
            WHERE s.school_id = e.school_id AND s.operation = e.operation AND s.request_id = e.request_id
        )
) found JOIN audit_entry e ON e.request_id = found.request_id AND e.operation = found.operation"""


async def search_audit(
    session: AsyncSession, search: Search, *, first: int, after: Position | None
) -> Page[AuditRecord]:
    """A page of the entries of the transaction's school that are as asked for."""
    statement, values = await prepared(session, search, first=first, after=after)
    rows = await session.execute(statement, values)
    records = [AuditRecord(**{**row._mapping, "subjects": tuple(row.subjects)}) for row in rows]
    return Page.cut(records, first)


async def prepared(
    session: AsyncSession, search: Search, *, first: int, after: Position | None
) -> tuple[TextClause, dict[str, Any]]:
    """The statement of a search and its values."""
    given = search.given()
    look_up = next((name for name in LOOK_UPS if name in given), None)
    values = {
        **given,
        "since": FIRST_ID if search.since is None else first_id_at(search.since),
        "before_id": LAST_ID if search.until is None else first_id_at(search.until),
        "before_operation": "",
        "count": first + 1,
    }
    if after is not None:
        values |= {"before_id": after.id, "before_operation": str(after.key)}
    if look_up is not None:
        head = (await session.execute(CHAIN_HEAD_HERE)).one_or_none()
        values["tail"] = FIRST_ID if head is None else before(head.sealed_until, OVERLAP)
    return statement_of(look_up, frozenset(given)), values


@cache
def statement_of(look_up: str | None, given: frozenset[str]) -> TextClause:
    """All of it is written here: of a request come values only."""
    if look_up is None:
        source = "audit_entry e"
    else:
        source = _FOUND.format(look_up=LOOK_UPS[look_up], here=_HERE, condition=CONDITIONS[look_up])
    rest = sorted(given - {"subject"})
    conditions = "".join(f"\n    AND {CONDITIONS[name]}" for name in rest)
    return text(_SEARCH.format(source=source, here=_HERE, conditions=conditions))
