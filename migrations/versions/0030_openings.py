"""The audit of opened streams: one call writes the rows of all that wait.

Revision ID: 0030
Revises: 0029
"""

from migrations.walls import script

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# Takes the application's wall itself, school by school, as `check_access` does (0004). The rows come sorted by school:
# `ends` says where each school's end. A row that is there already tells the same.
RECORD = """
CREATE FUNCTION record_openings(
    schools uuid[], ends integer[], requests uuid[], operations text[], partners uuid[], keys text[], channels text[]
)
RETURNS void
LANGUAGE plpgsql SECURITY INVOKER
SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
    low integer := 1; high integer;
BEGIN
    PERFORM set_config('role', 'skooly_app', true);
    FOR nth IN 1..cardinality(schools) LOOP
        high := ends[nth];
        PERFORM set_config('app.school', schools[nth]::text, true);
        INSERT INTO audit_entry (school_id, request_id, operation, partner_id, key_id, channel, subjects)
        SELECT schools[nth], o.request, o.operation, o.partner, o.key, o.channel, '{}'
        FROM unnest(requests[low:high], operations[low:high], partners[low:high], keys[low:high], channels[low:high])
            AS o (request, operation, partner, key, channel)
        ON CONFLICT (school_id, request_id, operation) DO NOTHING;
        low := high + 1;
    END LOOP;
END $body$;
"""


def upgrade() -> None:
    script(RECORD)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
