"""What an endpoint no longer wants is cancelled when its turn comes, not sent.

Revision ID: 0027
Revises: 0026
"""

from migrations.walls import script

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# `claim_deliveries` as it is, but for these parts. The event of a delivery was looked up at the end; now it is before
# the lease, with the topics and the filter of this moment. Where the endpoint starts says nothing here: it may be sent
# again what happened before. A row without a delivery says that others may wait behind what was cancelled.
PARTS = (
    (
        "SELECT s.*, e.timeout_seconds + margin AS seconds\n",
        "SELECT s.*, e.timeout_seconds + margin AS seconds, e.partner_id, e.topics, e.filter\n",
    ),
    (
        "    leased AS (\n",
        """    told AS MATERIALIZED (
        SELECT c.*, v.type, v.subject, v.facts, v.occurred_at, v.schema_version,
            c.taken AND coalesce(wants_event(c.endpoint_id, c.partner_id, -1, c.topics, c.filter,
                v.position, v.type, v.subject, v.facts), false) AS wanted
        FROM chosen c LEFT JOIN LATERAL (
            SELECT * FROM event e WHERE c.taken AND e.school_id = c.school_id AND e.id = c.event_id
        ) v ON true
    ),
    dropped AS (
        UPDATE delivery d SET state = 'cancelled', next_at = now()
        FROM told c
        WHERE c.taken AND NOT c.wanted AND d.school_id = c.school_id AND d.endpoint_id = c.endpoint_id
            AND d.event_id = c.event_id AND d.replay = c.replay AND d.state IN ('pending', 'retry_wait')
        RETURNING d.event_id
    ),
    leased AS (
""",
    ),
    ("FROM chosen c\n        WHERE c.taken AND d.school_id", "FROM told c\n        WHERE c.wanted AND d.school_id"),
    (
        "d.failures, d.lost, c.version, c.slow\n",
        "d.failures, d.lost, c.version, c.slow,\n"
        "            c.type, c.subject, c.facts, c.occurred_at, c.schema_version\n",
    ),
    ("count(*) FILTER (WHERE taken) AS leased", "count(*) FILTER (WHERE wanted) AS leased"),
    ("FROM chosen GROUP BY school_id, endpoint_id", "FROM told GROUP BY school_id, endpoint_id"),
    (
        "l.lost, e.type, e.subject,\n        e.facts, e.occurred_at, e.schema_version, l.version",
        "l.lost, l.type, l.subject,\n        l.facts, l.occurred_at, l.schema_version, l.version",
    ),
    (
        "(SELECT sum(places) FROM share)\n"
        "    FROM leased l JOIN event e ON e.school_id = l.school_id AND e.id = l.event_id;",
        "(SELECT sum(places) FROM share) - (SELECT count(*) FROM dropped)\n"
        "    FROM leased l\n"
        "    UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,\n"
        "        now(), 0\n"
        "    WHERE EXISTS (SELECT FROM dropped) AND NOT EXISTS (SELECT FROM leased);",
    ),
)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def upgrade() -> None:
    changes = "\n".join(
        f"    ASSERT length(body) - length(replace(body, {_literal(old)}, '')) = {len(old)};\n"
        f"    body := replace(body, {_literal(old)}, {_literal(new)});"
        for old, new in PARTS
    )
    script(f"""
DO $do$
DECLARE
    body text := pg_get_functiondef('claim_deliveries'::regproc);
BEGIN
{changes}
    EXECUTE body;
END $do$;
""")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
