"""An endpoint gets what some key of its integration in force may read, and stops with the last such key.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

from migrations.walls import script

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# `readers_of` says in SQL what `app/domains/events/visibility.py` says in Python; a test compares the two.
READING = """
CREATE FUNCTION readers_of(topic text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $body$
    SELECT CASE
        WHEN topic IN ('journal_entry.posted', 'journal_entry.changed', 'journal_entry.deleted')
            THEN '{finance.books:read}'
        ELSE CASE split_part(topic, '.', 1)
            WHEN 'student' THEN '{students:read,students:list}'
            WHEN 'badge' THEN '{badges:read,badges:list,students:list}'
            WHEN 'programme' THEN '{programmes:read}'
            WHEN 'class' THEN '{programmes:read}'
            WHEN 'school_year' THEN '{school_years:read}'
            WHEN 'fee_schedule' THEN '{fees:read}'
            WHEN 'invoice' THEN '{invoices:read}'
            WHEN 'payment' THEN '{payments:read}'
            WHEN 'wallet' THEN '{wallets:read}'
            WHEN 'journal' THEN '{finance.journals:read,finance.books:read}'
            WHEN 'journal_entry' THEN '{finance.journals:read,finance.books:read}'
            WHEN 'period' THEN '{finance.journals:read,finance.books:read}'
            WHEN 'fiscal_year' THEN '{finance.journals:read,finance.books:read}'
            WHEN 'account' THEN '{finance.journals:read,finance.books:read}'
            WHEN 'account_map' THEN '{finance.journals:read,finance.books:read}'
            WHEN 'absence' THEN '{absences:read}'
            WHEN 'zone' THEN '{zones:read}'
            WHEN 'access' THEN '{passages:read}'
            WHEN 'endpoint' THEN '{events:read,webhooks:read,webhooks:manage}'
            ELSE '{}'
        END
    END::text[]
$body$;

-- A key for some zones opens what is filtered on one of them.
CREATE FUNCTION topic_is_open(school uuid, owner uuid, topic text, zone text) RETURNS boolean
    LANGUAGE sql STABLE AS $body$
    SELECT EXISTS (
        SELECT FROM api_key k
        WHERE k.school_id = school AND k.partner_id = owner AND k.revoked_at IS NULL
            AND (k.expires_at IS NULL OR k.expires_at > now())
            AND k.scopes && readers_of(topic) AND (k.zones IS NULL OR zone = ANY (k.zones))
    )
$body$;

-- A topic that no key in force of the integration may read, or NULL. No topics are all that there are: the word before
-- the dot decides, but for drafts of the books.
CREATE FUNCTION closed_topic(school uuid, owner uuid, topics text[], filter jsonb) RETURNS text
    LANGUAGE sql STABLE AS $body$
    SELECT topic FROM unnest(CASE topics WHEN '{}' THEN
        '{student.,badge.,programme.,class.,school_year.,fee_schedule.,invoice.,payment.,wallet.,journal.,period.,
          fiscal_year.,account.,account_map.,absence.,zone.,access.,endpoint.,journal_entry.posted}'
        ELSE topics END) AS t (topic)
    WHERE NOT topic_is_open(school, owner, topic, filter ->> 'zone')
    ORDER BY topic LIMIT 1
$body$;
"""

# Two keys taken back at once must not each count on the other, nor an endpoint made meanwhile on either: whoever
# decides holds the partner's row. States are locked in one order by whoever locks several.
ENDING = """
CREATE FUNCTION end_access() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    PERFORM FROM partner WHERE school_id = OLD.school_id AND id = OLD.partner_id FOR NO KEY UPDATE;
    WITH closed AS (
        SELECT s.school_id, s.endpoint_id
        FROM endpoint e JOIN endpoint_state s ON s.school_id = e.school_id AND s.endpoint_id = e.id
        WHERE e.school_id = OLD.school_id AND e.partner_id = OLD.partner_id AND e.status IN ('active', 'paused')
            AND s.disable_for IS NULL
            AND closed_topic(e.school_id, e.partner_id, e.topics, e.filter) IS NOT NULL
        ORDER BY s.school_id, s.endpoint_id FOR UPDATE OF s
    )
    UPDATE endpoint_state s SET disable_for = 'access_ended' FROM closed c
    WHERE s.school_id = c.school_id AND s.endpoint_id = c.endpoint_id;
    RETURN NULL;
END $body$;
CREATE TRIGGER end_access_on_change AFTER UPDATE ON api_key FOR EACH ROW
    WHEN ((OLD.revoked_at, OLD.expires_at, OLD.scopes, OLD.zones)
        IS DISTINCT FROM (NEW.revoked_at, NEW.expires_at, NEW.scopes, NEW.zones))
    EXECUTE FUNCTION end_access();
CREATE TRIGGER end_access_on_delete AFTER DELETE ON api_key FOR EACH ROW EXECUTE FUNCTION end_access();

CREATE OR REPLACE FUNCTION place_endpoint() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    last bigint;
BEGIN
    PERFORM FROM partner WHERE school_id = NEW.school_id AND id = NEW.partner_id FOR NO KEY UPDATE;
    INSERT INTO fan_out (school_id, expanded_to)
        SELECT school_id, last_position FROM school_log WHERE school_id = NEW.school_id
        ON CONFLICT DO NOTHING;
    PERFORM FROM fan_out WHERE school_id = NEW.school_id FOR UPDATE;
    SELECT last_position INTO last FROM school_log WHERE school_id = NEW.school_id;
    NEW.start_position := coalesce(NEW.start_position, last);
    IF last IS NULL OR NEW.start_position > last THEN
        RAISE EXCEPTION 'an endpoint starts at a position of its log'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'endpoint_start_in_log';
    END IF;
    RETURN NEW;
END $body$;

CREATE OR REPLACE FUNCTION make_endpoint_state() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    reached bigint;
BEGIN
    SELECT expanded_to INTO reached FROM fan_out WHERE school_id = NEW.school_id;
    -- Nobody knows yet how it answers: it begins with two requests at once, like one that comes back from a failure.
    INSERT INTO endpoint_state (
        school_id, endpoint_id, mode, slots, rate, breaker, allowed, backfilled_to, backfill_until, disable_for)
    VALUES (
        NEW.school_id, NEW.id, NEW.status, NEW.max_in_flight, NEW.rate_per_second, 'ramp', 2,
        CASE WHEN NEW.start_position < reached THEN NEW.start_position END,
        CASE WHEN NEW.start_position < reached THEN reached END,
        CASE WHEN closed_topic(NEW.school_id, NEW.partner_id, NEW.topics, NEW.filter) IS NOT NULL
            THEN 'access_ended' END
    );
    RETURN NULL;
END $body$;

CREATE OR REPLACE FUNCTION follow_endpoint() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    reached bigint;
    closed text;
    stops boolean := NEW.status = 'disabled' AND OLD.status <> 'disabled';
    returns boolean := NEW.status IN ('active', 'paused') AND OLD.status = 'disabled';
    resumes boolean := NEW.status = 'active' AND OLD.status <> 'active';
BEGIN
    IF resumes OR (OLD.partner_id, OLD.topics, OLD.filter) IS DISTINCT FROM (NEW.partner_id, NEW.topics, NEW.filter)
    THEN
        PERFORM FROM partner WHERE school_id = NEW.school_id AND id = NEW.partner_id FOR NO KEY UPDATE;
        closed := closed_topic(NEW.school_id, NEW.partner_id, NEW.topics, NEW.filter);
    END IF;
    SELECT expanded_to INTO reached FROM fan_out WHERE school_id = NEW.school_id FOR UPDATE;
    UPDATE endpoint_state SET
        version = version + 1, mode = NEW.status, slots = NEW.max_in_flight, rate = NEW.rate_per_second,
        rate_at = CASE WHEN NEW.rate_per_second IS NOT DISTINCT FROM OLD.rate_per_second THEN rate_at END,
        unsettled = unsettled OR NEW.status <> OLD.status,
        backfilled_to = CASE WHEN stops THEN coalesce(backfilled_to, reached) ELSE backfilled_to END,
        backfill_until = CASE WHEN returns AND backfilled_to IS NOT NULL THEN reached ELSE backfill_until END,
        disable_for = CASE WHEN closed IS NULL THEN disable_for ELSE coalesce(disable_for, 'access_ended') END
    WHERE school_id = NEW.school_id AND endpoint_id = NEW.id;
    IF resumes THEN
        UPDATE endpoint_state SET
            breaker = 'ramp', allowed = 2, wait_until = NULL, window_from = NULL, requests = 0, failures = 0,
            slow_requests = 0, slow = false, first_failure_at = NULL,
            disable_for = CASE WHEN closed IS NOT NULL THEN 'access_ended' END
        WHERE school_id = NEW.school_id AND endpoint_id = NEW.id;
    END IF;
    RETURN NULL;
END $body$;
"""

# Here the owner sees all schools.
ENDED_BEFORE = """
ALTER TABLE api_key NO FORCE ROW LEVEL SECURITY;
ALTER TABLE endpoint NO FORCE ROW LEVEL SECURITY;
ALTER TABLE endpoint_state NO FORCE ROW LEVEL SECURITY;
UPDATE endpoint_state s SET disable_for = 'access_ended' FROM endpoint e
WHERE s.school_id = e.school_id AND s.endpoint_id = e.id AND e.status IN ('active', 'paused')
    AND s.disable_for IS NULL AND closed_topic(e.school_id, e.partner_id, e.topics, e.filter) IS NOT NULL;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
ALTER TABLE endpoint FORCE ROW LEVEL SECURITY;
ALTER TABLE endpoint_state FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.execute("CREATE INDEX ix_api_key_school_id_partner_id ON api_key (school_id, partner_id)")
    op.execute("CREATE INDEX ix_api_key_expires_at ON api_key (expires_at) WHERE expires_at IS NOT NULL")
    script("""
ALTER TABLE endpoint DROP CONSTRAINT ck_endpoint_disabled_reason;
ALTER TABLE endpoint ADD CONSTRAINT ck_endpoint_disabled_reason
    CHECK (disabled_reason IN ('by_hand', 'gone', 'failing', 'access_ended'));
""")
    # The worker finds keys that ran out: never what opens them.
    op.execute("CREATE POLICY skooly_worker_select ON api_key FOR SELECT TO skooly_worker USING (true)")
    op.execute(
        "GRANT SELECT (school_id, partner_id, scopes, zones, expires_at, revoked_at) ON api_key TO skooly_worker"
    )
    script(READING)
    script(ENDING)
    script(ENDED_BEFORE)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
