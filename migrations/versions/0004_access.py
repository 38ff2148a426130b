"""The access check: one function that decides for many badges of many schools and writes the audit beside.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from migrations.walls import script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PASSAGES = """
ALTER TABLE passage ADD COLUMN meal text, ADD COLUMN service_date date,
    ADD COLUMN charged bigint NOT NULL DEFAULT 0, ADD COLUMN overdrawn boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT ck_passage_charged CHECK (charged >= 0);
ALTER TABLE zone ADD CONSTRAINT ck_zone_anti_passback CHECK (anti_passback_seconds BETWEEN 0 AND 86400);
"""

# Which meals a zone serves at a local time. A window that closes before it opens lasts into the next day,
# and what is eaten then belongs to the day on which it opened.
WINDOWS = """
CREATE FUNCTION open_windows(school uuid, zone uuid, weekday integer, clock time)
RETURNS TABLE (meal text, days_ago integer, opens_at time) LANGUAGE sql STABLE AS $body$
    SELECT w.meal, CASE WHEN w.weekday = $3 AND $4 >= w.opens_at THEN 0 ELSE 1 END, w.opens_at
    FROM zone_window w
    WHERE w.school_id = $1 AND w.zone_id = $2 AND (
        (w.weekday = $3 AND $4 >= w.opens_at AND ($4 < w.closes_at OR w.closes_at < w.opens_at))
        OR (w.weekday = ($3 + 5) % 7 + 1 AND w.closes_at < w.opens_at AND $4 < w.closes_at)
    )
$body$;
"""

# The rules, in their order and nowhere else. A language-sql function of one SELECT is inlined into the statement
# that calls it, so row-level security and the planner see plain tables; CASE stops at the first rule that holds.
# Badges and zones are normalised; `day`, ISO `weekday` and `clock` are the moment in the school's time zone.
# `as_of` says whose the badges are: 'infinity' for the present, or the instant of a passage that is told late, when
# the badge may since have been revoked or given to somebody else.
# The two bounds name the partitions of `passage` that can hold a passage of the day before the moment.
DECIDE = """
CREATE FUNCTION decide_access(
    school uuid, moment timestamptz, day date, weekday integer, clock time, as_of timestamptz,
    passages_from uuid, passages_until uuid, badges text[], zones text[]
)
RETURNS TABLE (n bigint, zone_id uuid, student_id uuid, first_name text, reason text) LANGUAGE sql STABLE AS $body$
    SELECT asked.n, z.id, b.student_id, s.first_name, CASE
        WHEN z.id IS NULL THEN NULL
        WHEN b.student_id IS NULL THEN 'UNKNOWN_BADGE'
        WHEN b.revoked_at <= as_of THEN 'BADGE_REVOKED'
        WHEN s.status <> 'active' OR NOT EXISTS (
            SELECT FROM enrolment e WHERE e.school_id = school AND e.student_id = s.id
                AND e.starts_on <= day AND e.ends_on >= day
        ) THEN 'NOT_ENROLLED'
        WHEN EXISTS (SELECT FROM zone_programme p WHERE p.school_id = school AND p.zone_id = z.id)
            AND NOT EXISTS (
            SELECT FROM enrolment e
            JOIN zone_programme p ON p.school_id = school AND p.zone_id = z.id AND p.programme_id = e.programme_id
            WHERE e.school_id = school AND e.student_id = s.id AND e.starts_on <= day AND e.ends_on >= day
        ) THEN 'ZONE_FORBIDDEN'
        WHEN z.requires_tuition AND EXISTS (
            SELECT FROM instalment i WHERE i.school_id = school AND i.student_id = s.id AND i.due_on < day
                AND i.paid < i.amount AND NOT i.cancelled AND i.tuition
        ) THEN 'TUITION_UNPAID'
        WHEN EXISTS (SELECT FROM zone_window w WHERE w.school_id = school AND w.zone_id = z.id)
            AND NOT EXISTS (SELECT FROM open_windows(school, z.id, weekday, clock))
        THEN 'OUTSIDE_MEAL_WINDOW'
        WHEN z.anti_passback_seconds > 0 AND (
            SELECT p.direction FROM passage p
            WHERE p.school_id = school AND p.student_id = s.id AND p.zone_id = z.id AND p.granted
                AND p.occurred_at > moment - make_interval(secs => z.anti_passback_seconds)
                AND p.occurred_at <= moment AND p.id >= passages_from AND p.id < passages_until
            ORDER BY p.occurred_at DESC LIMIT 1
        ) = 'in' THEN 'ANTI_PASSBACK'
        WHEN z.price > 0 AND NOT EXISTS (
            SELECT FROM wallet w WHERE w.school_id = school AND w.student_id = s.id
                AND w.currency = z.currency AND w.balance >= z.price
        ) THEN 'INSUFFICIENT_BALANCE'
    END
    FROM unnest(badges, zones) WITH ORDINALITY AS asked (badge, zone, n)
    LEFT JOIN zone z ON z.school_id = school AND z.code = asked.zone
    LEFT JOIN LATERAL (
        SELECT badge.student_id, badge.revoked_at FROM badge
        WHERE z.id IS NOT NULL AND badge.school_id = school AND badge.uid = asked.badge
        ORDER BY (badge.assigned_at <= as_of AND coalesce(badge.revoked_at > as_of, true)) DESC,
            (badge.assigned_at <= as_of) DESC, badge.revoked_at DESC NULLS FIRST, badge.assigned_at DESC
        LIMIT 1
    ) b ON true
    LEFT JOIN student s ON s.school_id = school AND s.id = b.student_id
$body$;
"""

# Takes the application's wall itself, so that a check is one statement and one round trip, in a transaction of its
# own, on any connection of the login. The checks come sorted by school: `ends` says where each school's end. What is
# known of a check comes at its place in the second row of arrays, what is known of a school in the first.
# The settings keep the plan to index look-ups, also right after an import, before anybody has counted the rows.
CHECK = """
CREATE FUNCTION check_access(
    schools uuid[], ends integer[], moments timestamptz[], days date[], weekdays integer[], clocks time[],
    badges text[], zones text[], requests uuid[], operations text[], partners uuid[], keys text[], channels text[],
    passages_from uuid, passages_until uuid
)
RETURNS TABLE (n integer, zone_known boolean, reason text, first_name text)
LANGUAGE plpgsql SECURITY INVOKER
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $body$
#variable_conflict use_column
DECLARE
    here uuid; low integer := 1; high integer;
BEGIN
    PERFORM set_config('role', 'skooly_app', true);
    FOR nth IN 1..cardinality(schools) LOOP
        here := schools[nth];
        high := ends[nth];
        PERFORM set_config('app.school', here::text, true);
        RETURN QUERY
        WITH decided AS MATERIALIZED (
            SELECT d.n::integer + low - 1 AS n, d.zone_id, d.student_id, d.first_name, d.reason
            FROM decide_access(
                here, moments[nth], days[nth], weekdays[nth], clocks[nth], 'infinity',
                passages_from, passages_until, badges[low:high], zones[low:high]
            ) d
        ), audited AS (
            INSERT INTO audit_entry AS entry (school_id, request_id, operation, partner_id, key_id, channel, subjects)
            SELECT here, requests[n], operations[n], partners[n], keys[n], channels[n], array_agg(DISTINCT student_id)
            FROM decided WHERE student_id IS NOT NULL
            GROUP BY 2, 3, 4, 5, 6 ORDER BY 2, 3
            ON CONFLICT (school_id, request_id, operation) DO UPDATE SET subjects = ARRAY(
                SELECT DISTINCT s FROM unnest(entry.subjects || excluded.subjects) AS s ORDER BY s
            )
        )
        SELECT n, zone_id IS NOT NULL, reason, CASE WHEN reason IS NULL THEN first_name END FROM decided;
        low := high + 1;
    END LOOP;
END $body$;
"""


def upgrade() -> None:
    for statements in (PASSAGES, WINDOWS, DECIDE, CHECK):
        script(statements)
    # The login may call it, which then takes the application's role: it can do so anyway.
    op.execute("GRANT USAGE ON SCHEMA public TO skooly")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
