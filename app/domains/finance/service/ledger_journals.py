"""The journals of a school."""

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.tables import THIS_SCHOOL
from app.core.text import normalise_code
from app.domains.events.service import record_event
from app.domains.events.topics import Topic
from app.domains.finance.errors import JournalNotFound, JournalTaken
from app.domains.finance.facts import journal_facts
from app.domains.finance.journal_records import JournalRecord
from app.domains.finance.journal_tables import Journal
from app.domains.finance.service.checks import LABEL


async def create_journal(session: AsyncSession, *, code: str, label: str) -> JournalRecord:
    """Raises JournalTaken, and InvalidInput for unusable texts."""
    named, words = normalise_code(code, "code"), LABEL.read(label, "label")
    made = insert(Journal).values(school_id=THIS_SCHOOL, code=named, label=words)
    made = made.on_conflict_do_nothing(constraint="uq_journal_school_id_code")
    journal_id = await session.scalar(made.returning(col(Journal.id)))
    if journal_id is None:
        raise JournalTaken(field="code", journal=named)
    record_event(session, Topic.JOURNAL_CREATED, subject=journal_id, facts=journal_facts(code=named, label=words))
    return JournalRecord(journal_id, named, words)


async def rename_journal(session: AsyncSession, *, code: str, label: str) -> JournalRecord:
    """Its code stays: entries are known by it. Raises JournalNotFound, and InvalidInput for unusable texts."""
    named, words = normalise_code(code, "code"), LABEL.read(label, "label")
    renamed = (
        update(Journal).where(col(Journal.school_id) == THIS_SCHOOL, col(Journal.code) == named).values(label=words)
    )
    journal_id = await session.scalar(renamed.returning(col(Journal.id)))
    if journal_id is None:
        raise JournalNotFound(field="code", journal=named)
    record_event(session, Topic.JOURNAL_UPDATED, subject=journal_id, facts=journal_facts(code=named, label=words))
    return JournalRecord(journal_id, named, words)


async def list_journals(session: AsyncSession) -> list[JournalRecord]:
    """By code."""
    found = await session.execute(
        select(col(Journal.id), col(Journal.code), col(Journal.label))
        .where(col(Journal.school_id) == THIS_SCHOOL)
        .order_by(col(Journal.code))
    )
    return [JournalRecord(*row) for row in found]
