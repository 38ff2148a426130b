"""Searching the audit: who saw whom, the newest first.

A search goes along the narrowest look-up it can: by student, key, partner or operation among the sealed entries, beside
the few that are not sealed yet; without any of these, along the entries themselves. Moments are those of the
requests' ids.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import first_id_at
from app.core.pagination import Page, Position
from app.domains.audit.sealing import OVERLAP, before
from app.domains.audit.statements import CHAIN_HEAD_HERE

UNSEALED_FROM = UUID(int=0)
"""Where the unsealed entries begin in a school whose chain has none."""


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
    "subject": ("audit_subject s", "s.subject = :subject"),
    "key_id": ("audit_seal s", "s.key_id = :key_id"),
    "partner_id": ("audit_seal s", "s.partner_id = :partner_id"),
    "operation": ("audit_seal s", "s.operation = :operation"),
}
_HERE = "current_setting('app.school')::uuid"
_COLUMNS = "request_id, operation, at, channel, key_id, partner_id, subjects"
_ENTRIES = """
    SELECT {columns} FROM audit_entry e
    WHERE {window}{conditions}
    ORDER BY e.request_id DESC, e.operation DESC LIMIT {count}"""
# The limit in the lateral part keeps the planner from reading all entries to join them: it goes from one to the next.
_FOUND = """
    (SELECT e.* FROM {table} CROSS JOIN LATERAL (
        SELECT {columns} FROM audit_entry e
        WHERE e.school_id = {here} AND e.request_id = s.request_id AND e.operation = s.operation{conditions}
        LIMIT 1
    ) e
    WHERE {condition} AND {window}
    ORDER BY s.request_id DESC, s.operation DESC LIMIT {count})
    UNION ALL
    ({tail})"""
_UNSEALED = """
    AND NOT EXISTS (
        SELECT FROM audit_seal s
        WHERE s.school_id = e.school_id AND s.operation = e.operation AND s.request_id = e.request_id
    )"""
_SEARCH = """
SELECT e.request_id, e.operation, e.at, e.channel, e.key_id, p.name AS partner, e.subjects
FROM ({found}
) e LEFT JOIN partner p ON p.school_id = {here} AND p.id = e.partner_id
ORDER BY e.request_id DESC, e.operation DESC LIMIT {count}
"""


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
    values = search.given()
    look_up = next((name for name in LOOK_UPS if name in values), None)
    if search.since is not None:
        values["since"] = first_id_at(search.since)
    if after is not None:
        values |= {"before": after.id, "before_operation": str(after.key)}
    elif search.until is not None:
        values |= {"before": first_id_at(search.until), "before_operation": ""}
    statement = statement_of(look_up, frozenset(values) - {"before_operation"}, first + 1)
    if look_up is not None:
        head = (await session.execute(CHAIN_HEAD_HERE)).one_or_none()
        values["tail"] = UNSEALED_FROM if head is None else before(head.sealed_until, OVERLAP)
    return statement, values


@lru_cache(maxsize=256)
def statement_of(look_up: str | None, given: frozenset[str], count: int) -> TextClause:
    """All of it is written here; of a request come values only.

    Told the `count`, any plan knows how soon it may stop; and a bound that is not asked for is not there, as each
    lets the planner expect a third of the rows.
    """
    conditions = _conditions(given)
    if look_up is None:
        found = _entries(_window("e", given), conditions, count)
    else:
        table, condition = LOOK_UPS[look_up]
        found = _FOUND.format(
            table=table,
            condition=condition,
            window=_window("s", given),
            columns=_COLUMNS,
            here=_HERE,
            conditions=_conditions(given - {look_up}),
            tail=_entries(_window("e", given) + " AND e.request_id >= :tail", conditions + _UNSEALED, count),
            count=count,
        )
    return text(_SEARCH.format(found=found, here=_HERE, count=count))


def _window(alias: str, given: frozenset[str]) -> str:
    parts = [f"{alias}.school_id = {_HERE}"]
    if "since" in given:
        parts.append(f"{alias}.request_id >= :since")
    if "before" in given:
        parts.append(f"({alias}.request_id, {alias}.operation) < (:before, :before_operation)")
    return " AND ".join(parts)


def _conditions(given: frozenset[str]) -> str:
    return "".join(f"\n        AND {CONDITIONS[name]}" for name in sorted(given & CONDITIONS.keys()))


def _entries(window: str, conditions: str, count: int) -> str:
    return _ENTRIES.format(columns=_COLUMNS, window=window, conditions=conditions, count=count)
