"""Schools that are little behind are expanded together.

Revision ID: 0032
Revises: 0031
"""

# ruff: noqa: S608 - put together from the constants of this file

from migrations.walls import script

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

WALL = "PERFORM set_config('role', 'skooly_worker', true), set_config('synchronous_commit', 'off', true);"

# `expand_log` as it had become (0021, 0025), in one piece, with a way for schools that are little behind: one statement
# for all of them, where each took five for itself. They are those of which there can be no more deliveries than their
# share of a chunk, so that nothing has to be cut. Where others are far behind, one kind has its turn or the other, as
# chance has it: in one transaction the two would lock endpoints in no order.
#
# A chunk ends with the event that brings it to `most_deliveries`, or after `most_events` that nobody wants, or after
# `most_compared` comparisons of an event with an endpoint: whatever is in the log, a chunk takes a moment.
# Topics are looked at first: most of what an endpoint does not want is passed over by them.
EXPAND = f"""
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
    little integer[]; few integer := greatest(1, most_deliveries / most_schools);
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
    little := ARRAY(
        SELECT b.n FROM unnest(ids, afters, lasts) WITH ORDINALITY AS b (school_id, after, last, n)
        WHERE b.last - b.after <= few AND (b.last - b.after) * (
            SELECT count(*) FROM (
                SELECT FROM endpoint e
                WHERE e.school_id = b.school_id AND e.status IN ('active', 'paused') LIMIT few + 1
            ) c
        ) <= few
    );
    IF cardinality(little) > 0 AND (cardinality(little) = cardinality(ids) OR random() < 0.5) THEN
        WITH behind AS (
            SELECT b.school_id, b.after, b.last FROM unnest(ids, afters, lasts) WITH ORDINALITY
                AS b (school_id, after, last, n) WHERE b.n = ANY (little)
        ),
        made AS (
            INSERT INTO delivery (school_id, endpoint_id, event_id, state)
            SELECT b.school_id, e.id, v.id, CASE e.status WHEN 'active' THEN 'pending' ELSE 'held' END
            FROM behind b
            JOIN event v ON v.school_id = b.school_id AND v.position > b.after AND v.position <= b.last
            JOIN endpoint e ON e.school_id = b.school_id AND e.status IN ('active', 'paused')
                AND wants_event(e.id, e.partner_id, e.start_position, e.topics, e.filter,
                    v.position, v.type, v.subject, v.facts)
            ON CONFLICT DO NOTHING
            RETURNING school_id, endpoint_id
        ),
        taken AS (
            SELECT s.school_id, s.endpoint_id FROM (SELECT DISTINCT school_id, endpoint_id FROM made) m
            JOIN endpoint_state s ON s.school_id = m.school_id AND s.endpoint_id = m.endpoint_id
            ORDER BY s.school_id, s.endpoint_id FOR UPDATE OF s
        ),
        woken AS (
            UPDATE endpoint_state s
            SET next_due_at = least(s.next_due_at, now()), unsettled = s.unsettled OR s.mode <> 'active'
            FROM taken t WHERE s.school_id = t.school_id AND s.endpoint_id = t.endpoint_id
        ),
        passed AS (
            UPDATE fan_out f SET expanded_to = b.last FROM behind b WHERE f.school_id = b.school_id
        )
        SELECT count(*) INTO deliveries FROM made;
        more := cardinality(little) < cardinality(ids) OR cardinality(ids) >= most_schools;
        RETURN NEXT;
        RETURN;
    END IF;
    FOR nth IN 1..coalesce(cardinality(ids), 0) LOOP
        CONTINUE WHEN nth = ANY (little);
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
    more := more OR cardinality(little) > 0 OR coalesce(cardinality(ids), 0) >= most_schools;
    RETURN NEXT;
END $body$;
"""


def upgrade() -> None:
    script(EXPAND)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
