"""Writing down what succeeded: one call, planned once.

Revision ID: 0024
Revises: 0023
"""

from migrations.walls import script

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# For endpoints whose breaker is closed and whose requests all succeeded, which is nearly all there ever is. What that
# does to their health needs no deciding: it is counted, over a window that ages as `health.observe` says. Endpoints
# whose breaker is not closed are left, and named: their results are for whoever decides.
# `turn` says to which of the endpoints a result belongs. They come sorted: whoever locks several does so in one order.
# The commit waits for the disk.
SETTLE = """
CREATE FUNCTION settle_successes(
    schools uuid[], endpoints uuid[], requests integer[], slow_requests integer[],
    turns integer[], events uuid[], replays integer[], numbers integer[], tokens uuid[], statuses integer[],
    ips text[], latencies integer[], responses bytea[], window_seconds integer, slow_one_in integer
)
RETURNS TABLE (settled bigint, ready boolean, left_over integer[])
LANGUAGE plpgsql SECURITY INVOKER
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
#variable_conflict use_column
DECLARE
    well boolean[]; freed integer[] := array_fill(0, ARRAY[cardinality(endpoints)]); each record;
BEGIN
    PERFORM set_config('role', 'skooly_worker', true);
    SELECT array_agg(t.well ORDER BY t.n), array_agg(t.n ORDER BY t.n) FILTER (WHERE NOT t.well) INTO well, left_over
    FROM (
        SELECT k.n, s.breaker = 'closed' AS well
        FROM unnest(schools, endpoints) WITH ORDINALITY AS k (school_id, endpoint_id, n)
        JOIN endpoint_state s ON s.school_id = k.school_id AND s.endpoint_id = k.endpoint_id
        ORDER BY k.n FOR UPDATE OF s
    ) t;
    settled := 0;
    FOR each IN
        WITH result AS (
            SELECT *, schools[turn] AS school_id, endpoints[turn] AS endpoint_id
            FROM unnest(turns, events, replays, numbers, tokens, statuses, ips, latencies, responses)
                AS r (turn, event_id, replay, number, token, status_code, remote_ip, latency_ms, response)
            WHERE well[turn]
        ),
        settled AS (
            UPDATE delivery d
            SET state = 'succeeded', next_at = now(), lease_token = NULL, lease_until = NULL
            FROM result r
            WHERE d.school_id = r.school_id AND d.endpoint_id = r.endpoint_id AND d.event_id = r.event_id
                AND d.replay = r.replay AND d.state = 'leased' AND d.lease_token = r.token
            RETURNING r.turn
        ),
        recorded AS (
            INSERT INTO attempt (school_id, endpoint_id, event_id, replay, number, outcome, status_code, remote_ip,
                latency_ms, response)
            SELECT school_id, endpoint_id, event_id, replay, number, 'ok', status_code, remote_ip, latency_ms, response
            FROM result
            ON CONFLICT (school_id, endpoint_id, event_id, replay, number) DO UPDATE
                SET late_outcome = excluded.outcome, status_code = excluded.status_code, error_class = NULL,
                    remote_ip = excluded.remote_ip, latency_ms = excluded.latency_ms, response = excluded.response
                WHERE attempt.outcome = 'lost' AND attempt.late_outcome IS NULL
        )
        SELECT turn, count(*)::integer AS places FROM settled GROUP BY turn
    LOOP
        freed[each.turn] := each.places;
        settled := settled + each.places;
    END LOOP;
    WITH known AS (
        UPDATE endpoint_state s SET
            window_from = CASE WHEN a.parts = 1 THEN s.window_from ELSE now() END,
            requests = a.requests, slow_requests = a.slow_requests,
            failures = CASE WHEN a.parts > 0 THEN s.failures / a.parts ELSE 0 END,
            slow = a.slow_requests * slow_one_in > a.requests,
            first_failure_at = NULL, last_success_at = now(),
            in_flight = greatest(0, s.in_flight - a.freed), unsettled = s.unsettled OR s.mode <> 'active'
        FROM (
            SELECT h.school_id, h.endpoint_id, h.freed, g.parts,
                h.requests + CASE WHEN g.parts > 0 THEN s.requests / g.parts ELSE 0 END AS requests,
                h.slow_requests + CASE WHEN g.parts > 0 THEN s.slow_requests / g.parts ELSE 0 END AS slow_requests
            FROM unnest(schools, endpoints, requests, slow_requests, freed, well)
                AS h (school_id, endpoint_id, requests, slow_requests, freed, well)
            JOIN endpoint_state s ON s.school_id = h.school_id AND s.endpoint_id = h.endpoint_id
            CROSS JOIN LATERAL (SELECT CASE
                WHEN s.window_from >= now() - make_interval(secs => window_seconds) THEN 1
                WHEN s.window_from >= now() - make_interval(secs => 10 * window_seconds) THEN 2
                ELSE 0 END AS parts) g
            WHERE h.well
        ) a
        WHERE s.school_id = a.school_id AND s.endpoint_id = a.endpoint_id
        RETURNING s.ready_at
    )
    SELECT coalesce(bool_or(ready_at <= now()), false) INTO ready FROM known;
    RETURN NEXT;
END $body$;
"""


def upgrade() -> None:
    script(SETTLE)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
