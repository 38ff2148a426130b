"""Epochs of the log: a server with another past must not pass its positions off as those readers have seen.

After a restore or a failover the last events may be gone and their positions given out anew. Such a server has another
system identifier or another timeline; noticing that opens a new epoch for every school at its present position, and
a cursor of an earlier epoch past that position is told so.
"""

import structlog
from sqlalchemy import text

from app.core.database import Database, Wall

log = structlog.get_logger(__name__)

# The name of the WAL file in use starts with the timeline: right at once after a promotion, unlike the checkpoint's.
_HERE = text(
    """
SELECT system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int AS timeline
FROM pg_control_system()
"""
)
_FIRST_START = text(
    """
INSERT INTO cluster_identity (system_identifier, timeline) VALUES (:system_identifier, :timeline)
ON CONFLICT DO NOTHING
"""
)
_LAST_WRITER = text("SELECT system_identifier, timeline FROM cluster_identity FOR UPDATE")
_LAST_KNOWN = text("SELECT system_identifier, timeline FROM cluster_identity")
_TAKE_OVER = text("UPDATE cluster_identity SET system_identifier = :system_identifier, timeline = :timeline")
_OPEN_EPOCHS = text(
    """
WITH opened AS (UPDATE school_log SET epoch = epoch + 1 RETURNING school_id, epoch, last_position)
INSERT INTO log_epoch (school_id, epoch, from_position) SELECT school_id, epoch, last_position FROM opened
"""
)


async def settle_epoch(database: Database) -> int:
    """To be called before anything is written; returns how many schools a new epoch was opened for.

    Several processes may start at once: the first one that sees the difference settles it for all.
    """
    async with database.transaction(Wall.worker()) as session:
        here = (await session.execute(_HERE)).one()._asdict()
        await session.execute(_FIRST_START, here)
        last = (await session.execute(_LAST_WRITER)).one()._asdict()
        if last == here:
            return 0
        await session.execute(_TAKE_OVER, here)
        opened: int = (await session.execute(_OPEN_EPOCHS)).rowcount  # type: ignore[attr-defined]
    log.warning("log_epochs_opened", schools=opened, timeline=here["timeline"])
    return opened


async def is_settled(database: Database) -> bool:
    """Whether `settle_epoch` would find nothing to do: this server wrote last, or nobody has written yet."""
    async with database.transaction(Wall.worker()) as session:
        here = (await session.execute(_HERE)).one()
        last = (await session.execute(_LAST_KNOWN)).one_or_none()
    return last is None or tuple(last) == tuple(here)
