"""What managing asks of the database. All of it lies behind the wall of the transaction's school.

`:partner` is whose endpoints are meant; NULL is everybody's, for the command line. A key sees those that are told no
more than it may read: `:topics`, in `:zones`.
"""

# ruff: noqa: S608 - statements are put together from the constants of this file

from sqlalchemy import text

_HERE = "current_setting('app.school')::uuid"
_OF_PARTNER = (
    f"e.school_id = {_HERE} AND e.status <> 'deleted' AND (CAST(:partner AS uuid) IS NULL OR e.partner_id = :partner)"
)
_OWN = (
    f"{_OF_PARTNER} AND (CAST(:topics AS text[]) IS NULL OR e.topics <@ CAST(:topics AS text[])) "
    "AND (:all_topics OR cardinality(e.topics) > 0) "
    "AND (CAST(:zones AS text[]) IS NULL OR e.filter ->> 'zone' = ANY (CAST(:zones AS text[])))"
)
# An event `v` may be of a topic or a zone that its endpoint had once.
_READ = (
    "AND (CAST(:topics AS text[]) IS NULL OR v.type = ANY (CAST(:topics AS text[]))) "
    "AND (CAST(:zones AS text[]) IS NULL OR v.facts ->> 'zone' IS NULL "
    "OR v.facts ->> 'zone' = ANY (CAST(:zones AS text[])))"
)
_ENDPOINT = """
SELECT e.id, e.url, e.description, e.topics, e.filter, e.payload, e.header_names || ARRAY(
    SELECT jsonb_object_keys(e.headers)) AS header_names, e.timeout_seconds, e.max_in_flight,
    e.rate_per_second, e.long_tail, e.status, e.disabled_reason, e.disabled_at, s.breaker, s.first_failure_at,
    s.last_success_at, e.created_at, p.name AS partner
FROM endpoint e JOIN endpoint_state s ON s.school_id = e.school_id AND s.endpoint_id = e.id
JOIN partner p ON p.school_id = e.school_id AND p.id = e.partner_id
"""

FIND_ENDPOINT = text(f"{_ENDPOINT} WHERE {_OWN} AND e.id = :endpoint")
LIST_ENDPOINTS = text(
    f"{_ENDPOINT} WHERE {_OWN} AND (CAST(:after AS uuid) IS NULL OR e.id > :after) ORDER BY e.id LIMIT :most"
)
COUNT_ENDPOINTS = text(f"SELECT count(*) FROM endpoint e WHERE {_OF_PARTNER}")
# Whoever makes an endpoint holds the row of its partner: who counts, counts alone.
LOCK_PARTNER = text(f"SELECT FROM partner WHERE school_id = {_HERE} AND id = :partner FOR NO KEY UPDATE")
KEYS_IN_FORCE = text(
    f"SELECT scopes, zones FROM api_key WHERE school_id = {_HERE} AND partner_id = :partner "
    "AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
)
ACCESS_ENDED = text(
    f"SELECT disable_for = 'access_ended' FROM endpoint_state WHERE school_id = {_HERE} AND endpoint_id = :endpoint"
)
LOCK_ENDPOINT = text(f"SELECT e.id, e.status FROM endpoint e WHERE {_OWN} AND e.id = :endpoint FOR UPDATE")

_SECRETS = f"FROM endpoint_secret WHERE school_id = {_HERE} AND endpoint_id = :endpoint"
COUNT_SECRETS = text(f"SELECT count(*) {_SECRETS} AND (expires_at IS NULL OR expires_at > now())")
FORGET_SECRETS = text(f"DELETE {_SECRETS} AND expires_at <= now()")
FORGET_ALL_SECRETS = text(f"DELETE {_SECRETS}")
EXPIRE_SECRETS = text(
    f"UPDATE endpoint_secret SET expires_at = now() + make_interval(hours => :hours) "
    f"WHERE school_id = {_HERE} AND endpoint_id = :endpoint "
    f"AND (expires_at IS NULL OR expires_at > now() + make_interval(hours => :hours)) RETURNING expires_at"
)

# Deliveries are looked up endpoint by endpoint, each by its primary key backwards; `{only}` narrows them.
_DELIVERY = f"""
SELECT d.* FROM endpoint e CROSS JOIN LATERAL (
    SELECT d.endpoint_id, d.event_id, d.replay, v.type, v.occurred_at, d.state, d.attempt_no, d.next_at, d.created_at
    FROM delivery d JOIN event v ON v.school_id = d.school_id AND v.id = d.event_id {_READ} {{topic}}
    WHERE d.school_id = e.school_id AND d.endpoint_id = e.id {{only}}
    ORDER BY d.event_id DESC, d.replay DESC LIMIT :most
) d
WHERE {_OWN} {{of}}
ORDER BY d.event_id DESC, d.endpoint_id DESC, d.replay DESC LIMIT :most
"""
FIND_DELIVERY = text(f"""
SELECT d.endpoint_id, d.event_id, d.replay, v.type, v.occurred_at, d.state, d.attempt_no, d.next_at, d.created_at
FROM endpoint e JOIN delivery d ON d.school_id = e.school_id AND d.endpoint_id = e.id
JOIN event v ON v.school_id = {_HERE} AND v.id = d.event_id {_READ}
WHERE {_OWN} AND e.id = :endpoint AND d.event_id = :event
    AND (CAST(:replay AS int) IS NULL OR d.replay = CAST(:replay AS int))
ORDER BY d.replay DESC LIMIT 1
""")


def list_deliveries(*, endpoint: bool, states: tuple[str, ...], topic: bool, since: bool, after: bool) -> str:
    """`states` are written into the statement, so that the partial indexes on them serve; they are the tables' own."""
    only = [
        f"AND d.state IN ({', '.join(map(repr, states))})" if states else "",
        "AND d.event_id >= :since" if since else "",
        "AND (d.event_id, d.endpoint_id, d.replay) < (:event, :after_endpoint, :replay)" if after else "",
    ]
    return _DELIVERY.format(
        topic="AND v.type = :topic" if topic else "", only=" ".join(only), of="AND e.id = :endpoint" if endpoint else ""
    )


ATTEMPTS = text(f"""
SELECT a.* FROM unnest(CAST(:endpoints AS uuid[]), CAST(:events AS uuid[]), CAST(:replays AS int[]))
    AS k (endpoint_id, event_id, replay)
JOIN attempt a ON a.school_id = {_HERE} AND a.endpoint_id = k.endpoint_id AND a.event_id = k.event_id
    AND a.replay = k.replay
ORDER BY a.number
""")

# The endpoint's row is locked by whoever queues: it cannot be paused between the look at its status and the insert.
# Its turn is locked before deliveries are made, as whoever expands the log does, and not while they are chosen.
_MAKE = f"""
, turn AS (
    SELECT FROM endpoint_state
    WHERE school_id = {_HERE} AND endpoint_id = :endpoint AND (SELECT count(*) FROM chosen) > 0 FOR UPDATE
),
made AS (
    INSERT INTO delivery (school_id, endpoint_id, event_id, replay, state)
    SELECT {_HERE}, :endpoint, c.event_id, c.replay,
        CASE CAST(:status AS text) WHEN 'active' THEN 'pending' ELSE 'held' END
    FROM chosen c WHERE (SELECT count(*) FROM turn) > 0 ON CONFLICT DO NOTHING
    RETURNING event_id
),
woken AS (
    UPDATE endpoint_state SET next_due_at = least(next_due_at, now())
    WHERE school_id = {_HERE} AND endpoint_id = :endpoint AND CAST(:status AS text) = 'active'
        AND EXISTS (SELECT FROM made)
)"""
# How many were queued, whether there may be more, and which event was the last that was looked at.
_LAST_CHOSEN = "(SELECT max(event_id::text)::uuid FROM chosen)"
_QUEUE_ONE = f"{_MAKE} SELECT (SELECT count(*) FROM made), false, {_LAST_CHOSEN}"
_QUEUE_SOME = f"""{_MAKE}
SELECT made.count, full_up OR looked.count >= :looked, CASE WHEN full_up THEN {_LAST_CHOSEN} ELSE looked.last END
FROM (SELECT count(*) FROM made) made, (SELECT count(*) >= :most AS full_up FROM chosen) chosen_count,
    (SELECT count(*), max(event_id::text)::uuid AS last FROM looked) looked
"""

# What an endpoint wants now, wherever in the log it starts.
_WANTED = "wants_event(e.id, e.partner_id, -1, e.topics, e.filter, v.position, v.type, v.subject, v.facts)"
# Nothing is sent again that the integration is no longer told of. Each event is looked up, whatever the planner has
# heard of the log: it may be far longer than what is looked at.
_TOLD = f"""
JOIN endpoint e ON e.school_id = d.school_id AND e.id = d.endpoint_id
JOIN LATERAL (SELECT v.* FROM event v WHERE v.school_id = d.school_id AND v.id = d.event_id LIMIT 1) v
    ON topic_is_open(e.school_id, e.partner_id, v.type, e.filter ->> 'zone') AND {_WANTED}"""

STILL_TOLD = text(
    f"SELECT true FROM delivery d {_TOLD} "
    f"WHERE d.school_id = {_HERE} AND d.endpoint_id = :endpoint AND d.event_id = :event LIMIT 1"
)
REPLAY_ONE = text(f"""
WITH chosen AS (
    SELECT event_id, max(replay) + 1 AS replay FROM delivery
    WHERE school_id = {_HERE} AND endpoint_id = :endpoint AND event_id = :event GROUP BY event_id
    HAVING bool_and(state IN ('succeeded', 'exhausted', 'cancelled'))
){_QUEUE_ONE}""")

LAST_REPLAY = text(
    f"SELECT max(replay) FROM delivery WHERE school_id = {_HERE} AND endpoint_id = :endpoint AND event_id = :event"
)

# The oldest events first, `:looked` of them at most: those that arrived are read too.
RECOVER = text(f"""
WITH looked AS MATERIALIZED (
    SELECT v.id AS event_id, v.position, v.type, v.subject, v.facts FROM event v
    WHERE v.school_id = {_HERE} AND v.id >= :since ORDER BY v.id LIMIT :looked
),
chosen AS MATERIALIZED (
    SELECT v.event_id, coalesce((
        SELECT max(replay) + 1 FROM delivery d
        WHERE d.school_id = e.school_id AND d.endpoint_id = e.id AND d.event_id = v.event_id
    ), 0) AS replay
    FROM endpoint e JOIN looked v ON {_WANTED} AND v.type <> 'endpoint.tested'
    WHERE e.school_id = {_HERE} AND e.id = :endpoint
        AND NOT EXISTS (
            SELECT FROM delivery d WHERE d.school_id = e.school_id AND d.endpoint_id = e.id AND d.event_id = v.event_id
                AND d.state NOT IN ('exhausted', 'cancelled')
        )
    ORDER BY v.event_id LIMIT :most
){_QUEUE_SOME}""")


def replay_some(*, states: tuple[str, ...], topic: bool, since: bool, until: bool, after: bool) -> str:
    """Of each event the latest delivery, where that one is in one of `states`; of `:looked` deliveries at most.

    Other states than `exhausted` have no index: there every delivery is looked at.
    """
    only = [
        "AND d.state = 'exhausted'" if set(states) == {"exhausted"} else "",
        "AND d.event_id >= :since" if since else "",
        "AND d.event_id < :until" if until else "",
        "AND d.event_id > :after" if after else "",
    ]
    return f"""
WITH looked AS MATERIALIZED (
    SELECT d.event_id FROM delivery d
    WHERE d.school_id = {_HERE} AND d.endpoint_id = :endpoint {" ".join(only)}
    ORDER BY d.event_id LIMIT :looked
),
chosen AS (
    SELECT l.event_id, d.replay + 1 AS replay
    FROM (SELECT DISTINCT event_id FROM looked ORDER BY event_id) l CROSS JOIN LATERAL (
        SELECT d.* FROM delivery d
        WHERE d.school_id = {_HERE} AND d.endpoint_id = :endpoint AND d.event_id = l.event_id
        ORDER BY d.replay DESC LIMIT 1
    ) d {_TOLD} {_READ} {"AND v.type = :topic" if topic else ""}
    WHERE d.state IN ({", ".join(map(repr, states))})
    ORDER BY l.event_id LIMIT :most
){_QUEUE_SOME}"""
