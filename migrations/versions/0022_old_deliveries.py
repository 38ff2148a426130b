"""Months of deliveries that have ended are dropped; what still waits of them moves to one partition of all that is old.

Revision ID: 0022
Revises: 0021
"""

from migrations.walls import script

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# Under the locks of both tables, and with short patience: whoever waits for them holds up every worker. The owner sees
# one school in a walled table, so rows are moved from tables that are just going to one that has no wall yet.
FOLDING = """
CREATE FUNCTION fold_deliveries(month timestamptz) RETURNS integer LANGUAGE plpgsql AS $body$
DECLARE
    suffix text := '_before_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
    parent text; old text; olds text[]; upper_bound text; moved text; folded integer := 0;
    made text[] := '{}';
BEGIN
    PERFORM set_config('lock_timeout', '500ms', true);
    LOCK TABLE delivery, attempt IN ACCESS EXCLUSIVE MODE;
    FOREACH parent IN ARRAY '{delivery,attempt}'::text[] LOOP
        SELECT array_agg(name ORDER BY upper), max(upper::text) INTO olds, upper_bound
        FROM (
            SELECT c.relname::text AS name,
                substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''([0-9a-f-]+)''\\)')::uuid AS upper
            FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = parent::regclass
        ) months
        WHERE upper <= first_uuid_at(month);
        CONTINUE WHEN olds IS NULL OR olds = ARRAY[parent || suffix];
        moved := CASE parent
            WHEN 'delivery' THEN
                (SELECT string_agg('SELECT * FROM %1$I WHERE state = ' || quote_literal(state), ' UNION ALL ')
                FROM unnest('{pending,leased,retry_wait,held}'::text[]) AS waits (state))
            ELSE format('SELECT a.* FROM %I JOIN %%I a USING (school_id, endpoint_id, event_id, replay)',
                'delivery' || suffix) END;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', parent || suffix, parent);
        FOREACH old IN ARRAY olds LOOP
            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, old);
            EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', old);
            EXECUTE format('INSERT INTO %I ', parent || suffix) || format(moved, old);
            EXECUTE format('DROP TABLE %I', old);
            folded := folded + 1;
        END LOOP;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)',
            parent, parent || suffix, upper_bound);
        EXECUTE format('ANALYZE %I', parent || suffix);
        made := made || (parent || suffix);
    END LOOP;
    FOREACH parent IN ARRAY made LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', parent);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', parent);
        EXECUTE format('CREATE POLICY school ON %I TO skooly_app, skooly_owner '
            'USING (school_id = current_setting(''app.school'')::uuid)', parent);
    END LOOP;
    RETURN folded;
END $body$;
"""


def upgrade() -> None:
    script(FOLDING)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
