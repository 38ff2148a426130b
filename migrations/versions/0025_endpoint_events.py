"""What happens to an endpoint goes to the endpoints of its own integration.

Revision ID: 0025
Revises: 0024
"""

from migrations.walls import script

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# The name of another integration's receiver, and why it was disabled, is no business of this one's. The last line says
# what `is_of_its_integration` of `app/domains/events/visibility.py` says; inlined where it is used.
WANTS = """
CREATE FUNCTION wants_event(
    endpoint uuid, owner uuid, start bigint, topics text[], filter jsonb,
    happened_at bigint, topic text, subject uuid, facts jsonb
)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $body$
    SELECT start < happened_at AND CASE topic WHEN 'endpoint.tested' THEN subject = endpoint
        ELSE (topics = '{}' OR topic = ANY (topics)) AND facts @> filter
            AND (NOT starts_with(topic, 'endpoint.') OR facts ->> 'partner_id' = owner::text) END
$body$;
"""
WANTED = """
CREATE FUNCTION wants_event(
    endpoint uuid, start bigint, topics text[], filter jsonb,
    happened_at bigint, topic text, subject uuid, facts jsonb
)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $body$
    SELECT start < happened_at AND CASE topic WHEN 'endpoint.tested' THEN subject = endpoint
        ELSE (topics = '{}' OR topic = ANY (topics)) AND facts @> filter END
$body$;
"""
ASKING, ASKED = "wants_event(e.id, e.partner_id, e.start_position,", "wants_event(e.id, e.start_position,"


def _asking(new: str, old: str) -> str:
    """`expand_log` as it is, but for what it asks."""
    return f"""
DO $do$
DECLARE
    body text := pg_get_functiondef('expand_log'::regproc);
BEGIN
    ASSERT position('{old}' IN body) > 0;
    EXECUTE replace(body, '{old}', '{new}');
END $do$;
"""


def upgrade() -> None:
    script(f"DROP FUNCTION wants_event; {WANTS} {_asking(ASKING, ASKED)}")


def downgrade() -> None:
    script(f"DROP FUNCTION wants_event; {WANTED} {_asking(ASKED, ASKING)}")
