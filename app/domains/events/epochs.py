"""Epochs of the log: a server with another past must not pass its positions off as those that readers have seen.

After a restore or a failover the last events may be gone and their positions given out anew. So a school's log notes
its home: which run of which server wrote it last, into which files. Whatever brings older rows back (a dump, a copy or
a snapshot of the files, a promoted standby, point in time recovery) brings them to another home. Whoever writes first
there opens a new epoch at the position that the log then has, in the same transaction; a cursor of an earlier epoch
past that position is told so. An epoch opened needlessly, as by every restart of PostgreSQL, costs nobody anything:
all cursors are of positions before it.

An epoch is numbered by the millisecond in which it was opened, since a restored server has forgotten the epochs that
were opened after its backup: counted on, the second restore of one backup would look like the first.
"""

from sqlalchemy import text

from app.core.database import Database, Wall

HOME = "concat(extract(epoch FROM pg_postmaster_start_time()), ' ', pg_relation_filepath('school_log'))"
_OPEN = """
WITH opened AS (
    UPDATE school_log SET home = {home},
        epoch = greatest(epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
    WHERE {which}
    RETURNING school_id, epoch, last_position
)
INSERT INTO log_epoch (school_id, epoch, from_position) SELECT school_id, epoch, last_position FROM opened
"""
MOVE_IN = _OPEN.format(home=HOME, which=f"school_id = current_setting('app.school')::uuid AND home <> {HOME}")
"""Opens an epoch of the transaction's school where its log was last written elsewhere."""
_OPEN_ALL = text(_OPEN.format(home=HOME, which="true"))


async def open_epochs(database: Database) -> int:
    """Opens an epoch of every school, and returns how many that were.

    For what no server can notice: rows put back by hand into the same table, a machine set back with its memory.
    """
    async with database.transaction(Wall.worker()) as session:
        opened: int = (await session.execute(_OPEN_ALL)).rowcount  # type: ignore[attr-defined]
    return opened
