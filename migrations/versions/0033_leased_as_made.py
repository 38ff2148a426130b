"""Deliveries of schools that are little behind are leased as they are made.

Revision ID: 0033
Revises: 0032
"""

# ruff: noqa: S608 - put together from the constants of this file

from migrations.walls import script

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

WALL = "PERFORM set_config('role', 'skooly_worker', true), set_config('synchronous_commit', 'off', true);"
PLANNED_ONCE = """LANGUAGE plpgsql SECURITY INVOKER
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
#variable_conflict use_column
"""

# Schools of which there can be no more than `few` deliveries, so that nothing has to be cut: one statement for all of
# them, as in 0032. What is new is that whoever has room for them leases them in the same statement. That is for
# endpoints for which nothing waits: where something does, or where the rate, the health or the slots of an endpoint
# decide how much is sent, deliveries wait for `claim_deliveries`, which shares the places.
#
# Whoever changes an endpoint holds the `fan_out` of its school (0007): what it wants here is what it wants. Its secrets
# may change until its turn is locked; `version` is of then.
# The answer is that of `claim_deliveries` but for its last columns, which come with the first row; one row without a
# delivery where nothing was leased. `waiting` are due and left to a claim.
LITTLE = f"""
CREATE FUNCTION expand_little(
    asked uuid[], most_schools integer, few integer, room integer, room_school integer, named uuid[],
    named_left integer[], suspects uuid[], margin integer, token uuid
)
RETURNS TABLE (
    turn integer, event_id uuid, replay smallint, attempt_no smallint, failures smallint, lost smallint,
    type text, subject uuid, facts jsonb, occurred_at timestamptz, schema_version integer,
    turn_schools uuid[], turn_endpoints uuid[], turn_versions bigint[], turn_slow boolean[], moment timestamptz,
    deliveries bigint, waiting bigint, far boolean, more boolean
) {PLANNED_ONCE}
DECLARE
    ids uuid[]; afters bigint[]; lasts bigint[]; some_far boolean; all_taken boolean;
BEGIN
    {WALL}
    -- What the statements below see must begin after these locks are had: an endpoint made meanwhile is seen, or waits.
    IF asked IS NULL THEN
        SELECT array_agg(school_id), array_agg(expanded_to), array_agg(last_position) INTO ids, afters, lasts FROM (
            SELECT f.school_id, f.expanded_to, l.last_position
            FROM fan_out f JOIN school_log l USING (school_id)
            WHERE l.last_position > f.expanded_to
            ORDER BY random() LIMIT most_schools FOR UPDATE OF f SKIP LOCKED
        ) behind;
    ELSE
        SELECT array_agg(school_id), array_agg(expanded_to), array_agg(last_position) INTO ids, afters, lasts FROM (
            SELECT f.school_id, f.expanded_to, l.last_position
            FROM unnest(asked) AS a (school_id) JOIN fan_out f USING (school_id) JOIN school_log l USING (school_id)
            WHERE l.last_position > f.expanded_to
            LIMIT most_schools FOR UPDATE OF f SKIP LOCKED
        ) behind;
    END IF;
    all_taken := coalesce(cardinality(ids), 0) >= most_schools;
    SELECT count(*) FILTER (WHERE NOT little) > 0,
        array_agg(school_id) FILTER (WHERE little), array_agg(after) FILTER (WHERE little),
        array_agg(last) FILTER (WHERE little)
        INTO some_far, ids, afters, lasts
    FROM (
        SELECT *, last - after <= few AND (last - after) * (
            SELECT count(*) FROM (
                SELECT FROM endpoint e
                WHERE e.school_id = b.school_id AND e.status IN ('active', 'paused') LIMIT few + 1
            ) c
        ) <= few AS little
        FROM unnest(ids, afters, lasts) AS b (school_id, after, last) OFFSET 0
    ) behind;
    RETURN QUERY
    WITH behind AS (
        SELECT * FROM unnest(ids, afters, lasts) AS b (school_id, after, last)
    ),
    happened AS MATERIALIZED (
        SELECT v.* FROM behind b
        JOIN event v ON v.school_id = b.school_id AND v.position > b.after AND v.position <= b.last
    ),
    matched AS (
        SELECT e.school_id, e.id AS endpoint_id, e.status, e.timeout_seconds + margin AS seconds,
            array_agg(v.id) AS events
        FROM happened v JOIN endpoint e ON e.school_id = v.school_id AND e.status IN ('active', 'paused')
            AND wants_event(e.id, e.partner_id, e.start_position, e.topics, e.filter,
                v.position, v.type, v.subject, v.facts)
        GROUP BY e.school_id, e.id, e.status, e.timeout_seconds
    ),
    -- The turn of an endpoint is written even where it seems due already: a claim may just be finding nothing left.
    -- Whoever locks several turns does so in one order, and before it makes deliveries.
    locked AS MATERIALIZED (
        SELECT m.*, s.version, s.last_served_at, cardinality(m.events) AS places,
            s.mode = 'active' AND s.disable_for IS NULL AND s.rate IS NULL
                AND NOT s.slow AND s.endpoint_id <> ALL (suspects)
                AND coalesce(s.next_due_at > clock_timestamp(), true)
                AND coalesce(greatest(s.wait_until, s.last_served_at) <= now(), true)
                AND s.in_flight + cardinality(m.events) <= least(s.slots, coalesce(s.allowed, s.slots)) AS idle
        FROM matched m
        JOIN endpoint_state s ON s.school_id = m.school_id AND s.endpoint_id = m.endpoint_id
        ORDER BY s.school_id, s.endpoint_id FOR UPDATE OF s
    ),
    -- Whoever was served last comes last. What does not fit takes nothing from the others.
    fitting AS (
        SELECT *, idle AND places <= room AND sum(places) FILTER (WHERE idle AND places <= room)
                OVER (PARTITION BY school_id ORDER BY last_served_at NULLS FIRST, endpoint_id)
            <= coalesce(named_left[array_position(named, school_id)], room_school) AS fits
        FROM locked
    ),
    share AS MATERIALIZED (
        SELECT *, fits AND sum(places) FILTER (WHERE fits) OVER (ORDER BY last_served_at NULLS FIRST, endpoint_id)
            <= room AS taken
        FROM fitting
    ),
    made AS (
        INSERT INTO delivery (school_id, endpoint_id, event_id, state, attempt_no, lease_token, lease_until)
        SELECT s.school_id, s.endpoint_id, v.event_id,
            CASE WHEN s.taken THEN 'leased' WHEN s.status = 'active' THEN 'pending' ELSE 'held' END, s.taken::integer,
            CASE WHEN s.taken THEN token END, CASE WHEN s.taken THEN now() + make_interval(secs => s.seconds) END
        FROM share s CROSS JOIN unnest(s.events) AS v (event_id)
        ON CONFLICT DO NOTHING
        RETURNING school_id, endpoint_id, event_id, state
    ),
    woken AS (
        UPDATE endpoint_state s SET
            next_due_at = CASE WHEN c.left_over THEN least(s.next_due_at, now()) ELSE s.next_due_at END,
            in_flight = s.in_flight + c.leased, unsettled = s.unsettled OR s.mode <> 'active',
            last_served_at = CASE WHEN c.leased > 0 THEN now() ELSE s.last_served_at END
        FROM (
            SELECT school_id, endpoint_id, count(*) FILTER (WHERE state = 'leased') AS leased,
                bool_or(state <> 'leased') AS left_over
            FROM made GROUP BY school_id, endpoint_id
        ) c
        WHERE s.school_id = c.school_id AND s.endpoint_id = c.endpoint_id
    ),
    passed AS (
        UPDATE fan_out f SET expanded_to = b.last FROM behind b WHERE f.school_id = b.school_id
    ),
    turn AS MATERIALIZED (
        SELECT school_id, endpoint_id, version, row_number() OVER (ORDER BY school_id, endpoint_id)::integer AS n
        FROM share WHERE taken
    ),
    total AS (
        SELECT (SELECT array_agg(school_id ORDER BY n) FROM turn) AS schools,
            (SELECT array_agg(endpoint_id ORDER BY n) FROM turn) AS endpoints,
            (SELECT array_agg(version ORDER BY n) FROM turn) AS versions,
            (SELECT array_agg(false) FROM turn) AS lanes,
            (SELECT count(*) FROM made) AS deliveries,
            (SELECT count(*) FROM made WHERE state = 'pending') AS waiting
    ),
    leased AS (
        SELECT t.n, v.id, v.type, v.subject, v.facts, v.occurred_at, v.schema_version, row_number() OVER w AS nth,
            lag(v.id) OVER w IS DISTINCT FROM v.id AS begins
        FROM turn t JOIN made m ON m.school_id = t.school_id AND m.endpoint_id = t.endpoint_id AND m.state = 'leased'
        JOIN happened v ON v.school_id = m.school_id AND v.id = m.event_id
        WINDOW w AS (ORDER BY v.id)
    )
    SELECT l.n, CASE WHEN l.begins THEN l.id END, 0::smallint, 1::smallint, 0::smallint, 0::smallint,
        CASE WHEN l.begins THEN l.type END, CASE WHEN l.begins THEN l.subject END,
        CASE WHEN l.begins THEN l.facts END, CASE WHEN l.begins THEN l.occurred_at END,
        CASE WHEN l.begins THEN l.schema_version END,
        o.schools, o.endpoints, o.versions, o.lanes, CASE WHEN o.deliveries IS NOT NULL THEN now() END,
        o.deliveries, o.waiting, CASE WHEN o.deliveries IS NOT NULL THEN some_far END,
        CASE WHEN o.deliveries IS NOT NULL THEN all_taken END
    FROM (SELECT 1 AS nth) one LEFT JOIN leased l ON true LEFT JOIN total o ON coalesce(l.nth, 1) = 1;
END $body$;
"""

# `expand_log` without what is above: chunks of schools that are far behind, or of any. It locks the turns of endpoints
# before it makes deliveries, as everybody does who does both (0033, `statements.py`): in two orders they could wait for
# each other.
#
# A chunk ends with the event that brings it to `most_deliveries`, or after `most_events` that nobody wants, or after
# `most_compared` comparisons of an event with an endpoint: whatever is in the log, a chunk takes a moment.
# Topics are looked at first: most of what an endpoint does not want is passed over by them.
FAR = f"""
CREATE OR REPLACE FUNCTION expand_log(
    asked uuid[], most_schools integer, most_deliveries integer, most_events integer, most_compared integer
)
RETURNS TABLE (deliveries bigint, more boolean)
LANGUAGE plpgsql SECURITY INVOKER
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
#variable_conflict use_column
DECLARE
    ids uuid[]; afters bigint[]; lasts bigint[];
    here uuid; after bigint; last bigint; upto bigint; reached bigint;
    endpoints integer; everything boolean; wanted text[]; compared integer; candidates bigint; made bigint;
BEGIN
    {WALL}
    deliveries := 0; more := false;
    -- What the statements below see must begin after these locks are had: an endpoint made meanwhile is seen, or waits.
    IF asked IS NULL THEN
        SELECT array_agg(school_id), array_agg(expanded_to), array_agg(last_position) INTO ids, afters, lasts FROM (
            SELECT * FROM (
                SELECT f.school_id, f.expanded_to, l.last_position
                FROM fan_out f JOIN school_log l USING (school_id)
                WHERE l.last_position > f.expanded_to
                ORDER BY random() LIMIT most_schools FOR UPDATE OF f SKIP LOCKED
            ) taken ORDER BY school_id
        ) behind;
    ELSE
        SELECT array_agg(school_id), array_agg(expanded_to), array_agg(last_position) INTO ids, afters, lasts FROM (
            SELECT * FROM (
                SELECT f.school_id, f.expanded_to, l.last_position
                FROM unnest(asked) AS a (school_id) JOIN fan_out f USING (school_id) JOIN school_log l USING (school_id)
                WHERE l.last_position > f.expanded_to
                LIMIT most_schools FOR UPDATE OF f SKIP LOCKED
            ) taken ORDER BY school_id
        ) behind;
    END IF;
    FOR nth IN 1..coalesce(cardinality(ids), 0) LOOP
        IF deliveries >= most_deliveries THEN
            more := true;
            EXIT;
        END IF;
        here := ids[nth]; after := afters[nth]; last := lasts[nth];
        SELECT count(*), coalesce(bool_or(e.topics = '{{}}'), false) INTO endpoints, everything
            FROM endpoint e WHERE e.school_id = here AND e.status IN ('active', 'paused');
        upto := CASE endpoints WHEN 0 THEN last ELSE least(last, after + most_events) END;
        made := 0;
        IF endpoints > 0 THEN
            wanted := ARRAY(
                SELECT DISTINCT t FROM endpoint e, unnest(e.topics) AS t
                WHERE e.school_id = here AND e.status IN ('active', 'paused')
            ) || 'endpoint.tested'::text;
            compared := greatest(1, most_compared / endpoints);
            SELECT count(*), max(position) INTO candidates, reached FROM (
                SELECT v.position FROM event v
                WHERE v.school_id = here AND v.position > after AND v.position <= upto
                    AND (everything OR v.type = ANY (wanted))
                ORDER BY v.position LIMIT compared
            ) c;
            IF candidates >= compared THEN
                upto := reached;
            END IF;
            IF candidates > 0 THEN
                WITH matched AS MATERIALIZED (
                    SELECT v.position, v.id AS event_id, w.endpoint_id, w.status
                    FROM event v CROSS JOIN LATERAL (
                        SELECT e.id AS endpoint_id, e.status FROM endpoint e
                        WHERE e.school_id = here AND e.status IN ('active', 'paused')
                            AND wants_event(e.id, e.partner_id, e.start_position, e.topics, e.filter,
                                v.position, v.type, v.subject, v.facts)
                        OFFSET 0
                    ) w
                    WHERE v.school_id = here AND v.position > after AND v.position <= upto
                        AND (everything OR v.type = ANY (wanted))
                    ORDER BY v.position LIMIT most_deliveries + endpoints
                ),
                cut AS (
                    SELECT coalesce((SELECT position FROM matched OFFSET most_deliveries - 1 LIMIT 1), upto) AS upto
                ),
                -- The turn of an endpoint is written even where it seems due already: a claim may just be finding
                -- nothing left. Whoever locks several turns does so in one order, and before it makes deliveries.
                taken AS (
                    SELECT FROM (
                        SELECT DISTINCT m.endpoint_id FROM cut c JOIN matched m ON m.position <= c.upto
                    ) m
                    JOIN endpoint_state s ON s.school_id = here AND s.endpoint_id = m.endpoint_id
                    ORDER BY s.endpoint_id FOR UPDATE OF s
                ),
                made AS (
                    INSERT INTO delivery (school_id, endpoint_id, event_id, state)
                    SELECT here, m.endpoint_id, m.event_id, CASE m.status WHEN 'active' THEN 'pending' ELSE 'held' END
                    FROM cut c JOIN matched m ON m.position <= c.upto
                    WHERE (SELECT count(*) FROM taken) > 0
                    ON CONFLICT DO NOTHING
                    RETURNING endpoint_id
                ),
                woken AS (
                    UPDATE endpoint_state s
                    SET next_due_at = least(s.next_due_at, now()), unsettled = s.unsettled OR s.mode <> 'active'
                    FROM (SELECT DISTINCT endpoint_id FROM made) m
                    WHERE s.school_id = here AND s.endpoint_id = m.endpoint_id
                )
                SELECT c.upto, (SELECT count(*) FROM made) INTO upto, made FROM cut c;
            END IF;
        END IF;
        UPDATE fan_out f SET expanded_to = upto WHERE f.school_id = here;
        deliveries := deliveries + made;
        more := more OR upto < last;
    END LOOP;
    more := more OR coalesce(cardinality(ids), 0) >= most_schools;
    RETURN NEXT;
END $body$;
"""


def upgrade() -> None:
    script(LITTLE)
    script(FAR)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
