"""Monthly partitions of the big append-only tables, made months ahead of need.

A table partitioned by a uuidv7 is partitioned by time: the bound of a month is its first millisecond as a UUID.
The first partition of a table has no lower bound, so that a clock that runs behind loses nothing.
"""

from sqlalchemy import text

from app.core.database import Database, Wall

ENSURE_PARTITIONS = """
CREATE FUNCTION ensure_partitions(months_ahead integer) RETURNS SETOF text LANGUAGE plpgsql AS $body$
DECLARE
    parent regclass; month timestamptz; name text; lower_bound text; upper_bound text;
BEGIN
    -- Attaching checks the foreign key to school by a query that the owner's policies judge: as of no school.
    PERFORM set_config('app.school', '00000000-0000-0000-0000-000000000000', true);
    FOR parent IN
        SELECT partrelid FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid
        WHERE relnamespace = 'public'::regnamespace
    LOOP
        FOR ahead IN 0..months_ahead LOOP
            month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
                + make_interval(months => ahead);
            name := parent::text || '_p' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
            CONTINUE WHEN to_regclass(name) IS NOT NULL;
            lower_bound := CASE
                WHEN EXISTS (SELECT FROM pg_inherits WHERE inhparent = parent)
                THEN quote_literal(first_uuid_at(month)) ELSE 'MINVALUE' END;
            upper_bound := quote_literal(first_uuid_at(
                (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
            EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING ALL)', name, parent);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
            EXECUTE format('CREATE POLICY school ON %I TO skooly_app, skooly_owner '
                'USING (school_id = current_setting(''app.school'')::uuid)', name);
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                parent, name, lower_bound, upper_bound);
            RETURN NEXT name;
        END LOOP;
    END LOOP;
END $body$;
"""

FIRST_UUID_AT = """
CREATE FUNCTION first_uuid_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $body$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$body$;
"""

MONTHS_AHEAD = 3


async def ensure_partitions(database: Database, months_ahead: int = MONTHS_AHEAD) -> list[str]:
    """Makes what is missing and returns its names. Safe to run at any time, on any number of machines."""
    async with database.transaction(Wall.owner()) as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('ensure_partitions'))"))
        made = await session.scalars(text("SELECT ensure_partitions(:months)"), {"months": months_ahead})
        return list(made)
