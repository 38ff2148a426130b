"""Expanding the log and claiming what is due: one call each, planned once.

Revision ID: 0021
Revises: 0020
"""

# ruff: noqa: S608 - put together from the constants of this file

from migrations.walls import script

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Both take the worker's wall themselves, so that a turn is one statement and one round trip, on any connection of the
# login. The settings keep the plans to index look-ups, whatever is known of how many rows there are; a plan for each
# call took longer than the call. Neither waits for the disk: what a crash takes back is done again under the same ids.
PLANNED_ONCE = """LANGUAGE plpgsql SECURITY INVOKER
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
#variable_conflict use_column
"""
WALL = "PERFORM set_config('role', 'skooly_worker', true), set_config('synchronous_commit', 'off', true);"

# A chunk ends with the event that brings it to `most_deliveries`, or after `most_events` that nobody wants, or after
# `most_compared` comparisons of an event with an endpoint: whatever is in the log, a chunk takes a moment.
# Topics are looked at first: most of what an endpoint does not want is passed over by them.
EXPAND = f"""
CREATE FUNCTION expand_log(
    asked uuid[], most_schools integer, most_deliveries integer, most_events integer, most_compared integer
)
RETURNS TABLE (deliveries bigint, more boolean) {PLANNED_ONCE}
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
                            AND wants_event(e.id, e.start_position, e.topics, e.filter,
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
                made AS (
                    INSERT INTO delivery (school_id, endpoint_id, event_id, state)
                    SELECT here, m.endpoint_id, m.event_id, CASE m.status WHEN 'active' THEN 'pending' ELSE 'held' END
                    FROM cut c JOIN matched m ON m.position <= c.upto
                    ON CONFLICT DO NOTHING
                    RETURNING endpoint_id
                ),
                -- The turn of an endpoint is written even where it seems due already: a claim may just be finding
                -- nothing left. Whoever locks several turns does so in one order.
                taken AS (
                    SELECT s.school_id, s.endpoint_id FROM (SELECT DISTINCT endpoint_id FROM made) m
                    JOIN endpoint_state s ON s.school_id = here AND s.endpoint_id = m.endpoint_id
                    ORDER BY s.school_id, s.endpoint_id FOR UPDATE OF s
                ),
                woken AS (
                    UPDATE endpoint_state s
                    SET next_due_at = least(s.next_due_at, now()), unsettled = s.unsettled OR s.mode <> 'active'
                    FROM taken t WHERE s.school_id = t.school_id AND s.endpoint_id = t.endpoint_id
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

# A filter lists facts that must be there and equal; a test is for one endpoint. Inlined where it is used.
WANTS = """
CREATE FUNCTION wants_event(
    endpoint uuid, start bigint, topics text[], filter jsonb,
    happened_at bigint, topic text, subject uuid, facts jsonb
)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $body$
    SELECT start < happened_at AND CASE topic WHEN 'endpoint.tested' THEN subject = endpoint
        ELSE (topics = '{}' OR topic = ANY (topics)) AND facts @> filter END
$body$;
"""

# Who gets how many of the free places of a process, in the order of the turns: round by round, so that the first in
# the queue do not take all. `named` are schools with requests under way, and what is left to each. Endpoints known to
# be slow share a lane of their own; retries leave the rest of the places to first attempts.
SHARE = """
CREATE FUNCTION share_places(
    schools uuid[], free integer[], slow boolean[], places integer, retries integer, slow_places integer,
    school_places integer, named uuid[], named_left integer[], OUT given integer[], OUT given_retries integer[]
)
LANGUAGE plpgsql IMMUTABLE AS $body$
DECLARE
    turns integer := coalesce(cardinality(free), 0);
    portion integer; amount integer; gave boolean; place integer;
    seen uuid[] := '{}'; left_to integer[] := '{}'; school integer[] := '{}';
BEGIN
    given := array_fill(0, ARRAY[turns]);
    given_retries := given;
    FOR i IN 1..turns LOOP
        place := array_position(seen, schools[i]);
        IF place IS NULL THEN
            seen := seen || schools[i];
            left_to := left_to || coalesce(named_left[array_position(named, schools[i])], school_places);
            place := cardinality(seen);
        END IF;
        school[i] := place;
    END LOOP;
    LOOP
        gave := false;
        portion := greatest(1, places / greatest(1, turns));
        FOR i IN 1..turns LOOP
            amount := least(portion, free[i] - given[i], left_to[school[i]],
                CASE WHEN slow[i] THEN slow_places ELSE places END);
            CONTINUE WHEN amount <= 0;
            given[i] := given[i] + amount;
            left_to[school[i]] := left_to[school[i]] - amount;
            IF slow[i] THEN slow_places := slow_places - amount; ELSE places := places - amount; END IF;
            gave := true;
        END LOOP;
        EXIT WHEN NOT gave;
    END LOOP;
    FOR i IN 1..turns LOOP
        given_retries[i] := CASE WHEN slow[i] THEN given[i] ELSE least(retries, given[i]) END;
        IF NOT slow[i] THEN retries := retries - given_retries[i]; END IF;
    END LOOP;
END $body$;
"""

# The endpoints whose turn it is, a share for each, and a lease on that many of their deliveries. Whoever holds the row
# of an endpoint in `endpoint_state` is alone in leasing its deliveries; whoever comes second takes other endpoints.
# The second statement must see what was committed before the locks were had.
#
# `rate_at` is when the first request is let through; a second's worth of them may be saved up. Of what is due the
# oldest first attempts and the oldest retries are taken in turn: neither waits for all of the other. One more than can
# be taken is read of each, and tells when the endpoint is due next. Nothing waits that is due before `next_due_at`:
# index entries of what was sent lately lie before it, and are not read again.
CLAIM = f"""
CREATE FUNCTION claim_deliveries(
    room integer, room_retries integer, room_slow integer, room_school integer, named uuid[], named_left integer[],
    suspects uuid[], most_turns integer, margin integer, token uuid
)
RETURNS TABLE (
    school_id uuid, endpoint_id uuid, event_id uuid, replay smallint, attempt_no smallint, failures smallint,
    lost smallint, type text, subject uuid, facts jsonb, occurred_at timestamptz, schema_version integer,
    version bigint, slow boolean, moment timestamptz, asked bigint
) {PLANNED_ONCE}
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
        SELECT s.*, e.timeout_seconds + margin AS seconds
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
    leased AS (
        UPDATE delivery d SET state = 'leased', attempt_no = d.attempt_no + 1, lease_token = token,
            lease_until = now() + make_interval(secs => c.seconds)
        FROM chosen c
        WHERE c.taken AND d.school_id = c.school_id AND d.endpoint_id = c.endpoint_id AND d.event_id = c.event_id
            AND d.replay = c.replay AND d.state IN ('pending', 'retry_wait')
        RETURNING d.school_id, d.endpoint_id, d.event_id, d.replay, d.attempt_no, d.failures, d.lost, c.version, c.slow
    ),
    served AS (
        UPDATE endpoint_state s SET in_flight = s.in_flight + c.leased, last_served_at = now(), next_due_at = c.next_at,
            rate_at = CASE WHEN s.rate IS NOT NULL THEN
                greatest(s.rate_at, now() - make_interval(secs => (s.rate - 1.0) / s.rate))
                    + make_interval(secs => c.leased::float8 / s.rate) END
        FROM (
            SELECT school_id, endpoint_id, count(*) FILTER (WHERE taken) AS leased,
                min(next_at) FILTER (WHERE NOT taken) AS next_at
            FROM chosen GROUP BY school_id, endpoint_id
        ) c
        WHERE s.school_id = c.school_id AND s.endpoint_id = c.endpoint_id
    )
    SELECT l.school_id, l.endpoint_id, l.event_id, l.replay, l.attempt_no, l.failures, l.lost, e.type, e.subject,
        e.facts, e.occurred_at, e.schema_version, l.version, l.slow, now(), (SELECT sum(places) FROM share)
    FROM leased l JOIN event e ON e.school_id = l.school_id AND e.id = l.event_id;
END $body$;
"""


def upgrade() -> None:
    for statements in (WANTS, EXPAND, SHARE, CLAIM):
        script(statements)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
