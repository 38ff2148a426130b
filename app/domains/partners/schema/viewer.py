"""What the key that asks is, and may do."""

from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

import strawberry

from app.core.graph.context import Context, Info
from app.core.graph.scoped import any_scope
from app.core.scopes import Scope
from app.domains.partners.openings import Openings
from app.domains.partners.schema.keys import KeyScope, local
from app.domains.partners.schema.schools import School
from app.domains.partners.service import KeyRecord, describe_key, describe_platform_key, own_school

_told_to_everyone = any_scope(list(Scope))


@strawberry.type(description="The key that asks: what it is and what it may do.")
class Viewer:
    key_id: str = _told_to_everyone(description="What it is called.", example="Ab3dEf6hIj9k")
    partner: str = _told_to_everyone(description="Who holds it.", example="Cantine")
    school: School | None = _told_to_everyone(description="Its school; null for a key of the platform.")
    preset: str = _told_to_everyone(description="The preset it was issued with.", example="cantine")
    scopes: list[KeyScope] = _told_to_everyone(description="What it may do.", size=10)
    zones: list[str] = _told_to_everyone(
        description="The zones it is for; empty for every zone.", example=["RESTAURANT"]
    )
    networks: list[str] = _told_to_everyone(
        description="The networks it opens from; empty for anywhere.", example=["203.0.113.0/24"]
    )
    expires_at: datetime | None = _told_to_everyone(
        description="When it stops opening; null for never.", example="2026-01-13T09:00:00+00:00"
    )
    fields: list[str] = _told_to_everyone(
        description="The root fields of this schema that it opens.", example=["Query.studentByBadge"]
    )
    endpoints: list[str] = _told_to_everyone(
        description="The operations of the REST API that it opens.", example=["GET /v1/students/badge/{id}"]
    )

    @classmethod
    def of(cls, record: KeyRecord, school: School | None, context: Context) -> Self:
        openings, scopes = context.service(Openings), context.actor.scopes
        return cls(
            key_id=record.key_id,
            partner=record.partner,
            school=school,
            preset=record.preset,
            scopes=KeyScope.all_of(record, context),
            zones=record.zones or [],
            networks=record.cidrs or [],
            expires_at=local(record.expires_at, ZoneInfo(context.actor.timezone)),
            fields=list(openings.fields(scopes)),
            endpoints=list(openings.endpoints(scopes)),
        )


async def _viewer(info: Info) -> Viewer:
    context = info.context
    if context.actor.of_platform:
        return Viewer.of(await describe_platform_key(context.database, context.actor.key_id), None, context)
    async with context.read() as session:
        record = await describe_key(session, context.actor.key_id)
        school = School.of(await own_school(session))
    return Viewer.of(record, school, context)


@strawberry.type
class ViewerQuery:
    viewer: Viewer = _told_to_everyone(
        description="What the key that asks is, and what it opens.", resolver=_viewer, cost=1
    )
