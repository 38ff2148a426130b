"""A claim says once what its rows have in common.

Revision ID: 0031
Revises: 0030
"""

# ruff: noqa: S608 - put together from the constants of this file

from migrations.walls import script

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

WALL = "PERFORM set_config('role', 'skooly_worker', true), set_config('synchronous_commit', 'off', true);"

# `claim_deliveries` as it had become (0021, 0027, 0028), in one piece. What is new is its answer: a worker spent 3.3 µs
# on reading each of its rows, half of it on two instants of time. The endpoints whose turn it was, the moment and the
# number of places asked for come with the first row only; `turn` says to which of the endpoints, from 1 on, a delivery
# goes. The deliveries of an event come together, and the event with the first of them.
#
# The endpoints whose turn it is, a share for each, and a lease on that many of their deliveries. Whoever holds the row
# of an endpoint in `endpoint_state` is alone in leasing its deliveries; whoever comes second takes other endpoints.
# The second statement must see what was committed before the locks were had.
#
# `rate_at` is when the first request is let through; a second's worth of them may be saved up. Of what is due the
# oldest first attempts and the oldest retries are taken in turn: neither waits for all of the other. One more than can
# be taken is read of each, and tells when the endpoint is due next. Nothing waits that is due before `next_due_at`:
# index entries of what was sent lately lie before it, and are not read again.
#
# What an endpoint no longer wants is cancelled, not leased. A row without a delivery says that others may wait behind
# what was cancelled. An attempt's number stops where its column does.
CLAIM = f"""
DROP FUNCTION claim_deliveries;
CREATE FUNCTION claim_deliveries(
    room integer, room_retries integer, room_slow integer, room_school integer, named uuid[], named_left integer[],
    suspects uuid[], most_turns integer, margin integer, token uuid
)
RETURNS TABLE (
    turn integer, event_id uuid, replay smallint, attempt_no smallint, failures smallint, lost smallint,
    type text, subject uuid, facts jsonb, occurred_at timestamptz, schema_version integer,
    turn_schools uuid[], turn_endpoints uuid[], turn_versions bigint[], turn_slow boolean[], moment timestamptz,
    asked bigint
)
LANGUAGE plpgsql SECURITY INVOKER
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
#variable_conflict use_column
DECLARE
    full_schools uuid[] := ARRAY(SELECT school FROM unnest(named, named_left) AS n (school, places) WHERE places <= 0);
    schools uuid[]; endpoints uuid[]; versions bigint[]; lanes boolean[]; free integer[]; since timestamptz[];
    given integer[]; given_retries integer[];
BEGIN
    {WALL}
    SELECT array_agg(t.school_id), array_agg(t.endpoint_id), array_agg(t.version), array_agg(t.slow),
        array_agg(t.free), array_agg(t.next_due_at)
        INTO schools, endpoints, versions, lanes, free, since
    FROM (
        SELECT s.school_id, s.endpoint_id, s.version, s.slow OR s.endpoint_id = ANY (suspects) AS slow, s.next_due_at,
            least(
                least(s.slots, coalesce(s.allowed, s.slots)) - s.in_flight,
                CASE WHEN s.rate IS NULL THEN s.slots WHEN s.rate_at IS NULL THEN s.rate ELSE
                    least(s.rate, 1 + floor(extract(epoch FROM now() - s.rate_at) * s.rate)) END
            )::integer AS free
        FROM endpoint_state s
        WHERE s.ready_at <= now() AND s.school_id <> ALL (full_schools)
            AND (room_slow > 0 OR NOT (s.slow OR s.endpoint_id = ANY (suspects)))
        ORDER BY s.ready_at LIMIT most_turns FOR UPDATE SKIP LOCKED
    ) t;
    IF endpoints IS NULL THEN
        RETURN;
    END IF;
    SELECT p.given, p.given_retries INTO given, given_retries FROM share_places(
        schools, free, lanes, room, room_retries, room_slow, room_school, named, named_left) p;
    RETURN QUERY
    WITH share AS (
        SELECT s.*, e.timeout_seconds + margin AS seconds, e.partner_id, e.topics, e.filter
        FROM unnest(schools, endpoints, versions, lanes, since, given, given_retries) WITH ORDINALITY
            AS s (school_id, endpoint_id, version, slow, since, places, retries, n)
        JOIN endpoint e ON e.school_id = s.school_id AND e.id = s.endpoint_id
        WHERE s.places > 0
    ),
    waiting AS (
        SELECT s.*, d.event_id, d.replay, d.next_at, d.again, d.nth,
            d.next_at <= now() AND (NOT d.again OR d.nth <= s.retries) AS allowed
        FROM share s LEFT JOIN LATERAL (
            (
                SELECT event_id, replay, next_at, false AS again, row_number() OVER (ORDER BY next_at) AS nth
                FROM delivery WHERE school_id = s.school_id AND endpoint_id = s.endpoint_id AND state = 'pending'
                    AND next_at >= s.since
                ORDER BY next_at LIMIT s.places + 1
            ) UNION ALL (
                SELECT event_id, replay, next_at, true, row_number() OVER (ORDER BY next_at)
                FROM delivery WHERE school_id = s.school_id AND endpoint_id = s.endpoint_id AND state = 'retry_wait'
                    AND next_at >= s.since
                ORDER BY next_at LIMIT s.retries + 1
            )
        ) d ON true
    ),
    chosen AS MATERIALIZED (
        SELECT *, coalesce(
            allowed AND row_number() OVER (PARTITION BY n ORDER BY allowed DESC, nth * 2 + again::integer) <= places,
            false) AS taken
        FROM waiting
    ),
    told AS MATERIALIZED (
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
        UPDATE delivery d SET state = 'leased', attempt_no = least(d.attempt_no + 1, 32767), lease_token = token,
            lease_until = now() + make_interval(secs => c.seconds)
        FROM told c
        WHERE c.wanted AND d.school_id = c.school_id AND d.endpoint_id = c.endpoint_id AND d.event_id = c.event_id
            AND d.replay = c.replay AND d.state IN ('pending', 'retry_wait')
        RETURNING c.n::integer AS turn, d.event_id, d.replay, d.attempt_no, d.failures, d.lost,
            c.type, c.subject, c.facts, c.occurred_at, c.schema_version
    ),
    served AS (
        UPDATE endpoint_state s SET in_flight = s.in_flight + c.leased, last_served_at = now(), next_due_at = c.next_at,
            rate_at = CASE WHEN s.rate IS NOT NULL THEN
                greatest(s.rate_at, now() - make_interval(secs => (s.rate - 1.0) / s.rate))
                    + make_interval(secs => c.leased::float8 / s.rate) END
        FROM (
            SELECT school_id, endpoint_id, count(*) FILTER (WHERE wanted) AS leased,
                min(next_at) FILTER (WHERE NOT taken) AS next_at
            FROM told GROUP BY school_id, endpoint_id
        ) c
        WHERE s.school_id = c.school_id AND s.endpoint_id = c.endpoint_id
    )
    SELECT l.turn, CASE WHEN l.begins THEN l.event_id END, l.replay, l.attempt_no, l.failures, l.lost,
        CASE WHEN l.begins THEN l.type END, CASE WHEN l.begins THEN l.subject END,
        CASE WHEN l.begins THEN l.facts END, CASE WHEN l.begins THEN l.occurred_at END,
        CASE WHEN l.begins THEN l.schema_version END,
        CASE WHEN l.nth = 1 THEN schools END, CASE WHEN l.nth = 1 THEN endpoints END,
        CASE WHEN l.nth = 1 THEN versions END, CASE WHEN l.nth = 1 THEN lanes END,
        CASE WHEN l.nth = 1 THEN now() END,
        CASE WHEN l.nth = 1 THEN (SELECT sum(places) FROM share) - (SELECT count(*) FROM dropped) END
    FROM (
        SELECT *, row_number() OVER w AS nth, lag(event_id) OVER w IS DISTINCT FROM event_id AS begins
        FROM leased WINDOW w AS (ORDER BY event_id)
    ) l
    UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        schools, endpoints, versions, lanes, now(), 0
    WHERE EXISTS (SELECT FROM dropped) AND NOT EXISTS (SELECT FROM leased);
END $body$;
"""


def upgrade() -> None:
    script(CLAIM)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
