"""What happens to a school's log without anybody writing to it."""

from uuid import UUID

from sqlalchemy import text

from app.core.database import Database, Wall


async def move_the_log(database: Database, school_id: UUID) -> None:
    """As if another server had written it last, of which this one is a copy."""
    async with database.transaction(Wall.app(school_id)) as session:
        await session.execute(text("UPDATE school_log SET home = 'elsewhere'"))
