"""The integrations that a school lets in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.core.pagination import Page
from app.core.tables import THIS_SCHOOL
from app.domains.partners.errors import PartnerNameTaken, PartnerNotFound
from app.domains.partners.service.texts import read_name
from app.domains.partners.tables import ApiKey, Partner


@dataclass(frozen=True, slots=True)
class PartnerRecord:
    """`keys` counts those that were not revoked, expired ones included."""

    id: UUID
    name: str
    created_at: datetime
    keys: int


async def ensure_partner(session: AsyncSession, name: str, field: str = "name") -> Partner:
    """The partner of that name in the transaction's school, made where there is none."""
    made = insert(Partner).values(school_id=THIS_SCHOOL, name=read_name(name, field)).on_conflict_do_nothing()
    await session.execute(made)
    return await find_partner(session, name, field)


async def find_partner(session: AsyncSession, name: str, field: str = "partner") -> Partner:
    """Raises PartnerNotFound."""
    wanted = read_name(name, field)
    found = await session.scalar(
        select(Partner).where(col(Partner.school_id) == THIS_SCHOOL, col(Partner.name) == wanted)
    )
    if found is None:
        raise PartnerNotFound(field=field, partner=wanted)
    return found


async def create_partner(session: AsyncSession, name: str) -> PartnerRecord:
    """Raises PartnerNameTaken."""
    made = insert(Partner).values(school_id=THIS_SCHOOL, name=read_name(name)).on_conflict_do_nothing()
    row = (await session.execute(made.returning(col(Partner.id), col(Partner.created_at)))).one_or_none()
    if row is None:
        raise PartnerNameTaken(field="name", partner=read_name(name))
    return PartnerRecord(row.id, read_name(name), row.created_at, 0)


async def rename_partner(session: AsyncSession, partner: str, name: str) -> PartnerRecord:
    """Its keys stay; what they are called changes within a minute. Raises PartnerNotFound, PartnerNameTaken."""
    found = await find_partner(session, partner)
    found.name = read_name(name)
    try:
        await session.flush()
    except IntegrityError as error:
        if "uq_partner" not in str(error.orig):
            raise
        raise PartnerNameTaken(field="name", partner=read_name(name)) from error
    return PartnerRecord(found.id, found.name, found.created_at, await _keys_of(session, found.id))


async def page_of_partners(session: AsyncSession, *, first: int, after: str | None) -> Page[PartnerRecord]:
    """The partners behind the name `after`, by name."""
    keys = (
        select(func.count())
        .where(
            col(ApiKey.school_id) == col(Partner.school_id),
            col(ApiKey.partner_id) == col(Partner.id),
            col(ApiKey.revoked_at).is_(None),
        )
        .scalar_subquery()
    )
    statement = (
        select(col(Partner.id), col(Partner.name), col(Partner.created_at), keys)
        .where(col(Partner.school_id) == THIS_SCHOOL)
        .order_by(col(Partner.name))
        .limit(first + 1)
    )
    if after is not None:
        statement = statement.where(col(Partner.name) > after)
    return Page.cut([PartnerRecord(*row) for row in await session.execute(statement)], first)


async def _keys_of(session: AsyncSession, partner_id: UUID) -> int:
    counted = select(func.count()).where(
        col(ApiKey.school_id) == THIS_SCHOOL,
        col(ApiKey.partner_id) == partner_id,
        col(ApiKey.revoked_at).is_(None),
    )
    return await session.scalar(counted) or 0
