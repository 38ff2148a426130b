"""Webhooks: where events go, what became of each, and how the engine's knowledge follows what people decide.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

from app.core.partitions import MONTHS_AHEAD
from migrations.walls import across, script, wall

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE fan_out (
    school_id uuid NOT NULL,
    expanded_to bigint NOT NULL,
    CONSTRAINT pk_fan_out PRIMARY KEY (school_id),
    CONSTRAINT fk_fan_out_school_id FOREIGN KEY (school_id)
        REFERENCES school (id)
);

CREATE TABLE endpoint (
    school_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    partner_id uuid NOT NULL,
    url text NOT NULL,
    description text DEFAULT '' NOT NULL,
    topics text[] DEFAULT '{}' NOT NULL,
    filter jsonb DEFAULT '{}' NOT NULL,
    payload text DEFAULT 'thin' NOT NULL,
    headers jsonb DEFAULT '{}' NOT NULL,
    timeout_seconds smallint DEFAULT 15 NOT NULL,
    max_in_flight smallint DEFAULT 10 NOT NULL,
    rate_per_second integer,
    long_tail boolean DEFAULT false NOT NULL,
    status text DEFAULT 'active' NOT NULL,
    disabled_reason text,
    disabled_at timestamptz,
    start_position bigint NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_endpoint PRIMARY KEY (school_id, id),
    CONSTRAINT fk_endpoint_school_id_partner_id FOREIGN KEY (school_id, partner_id)
        REFERENCES partner (school_id, id),
    CONSTRAINT ck_endpoint_status CHECK (status IN ('active', 'paused', 'disabled', 'deleted')),
    CONSTRAINT ck_endpoint_payload CHECK (payload IN ('full', 'thin')),
    CONSTRAINT ck_endpoint_disabled_reason CHECK (disabled_reason IN ('by_hand', 'gone', 'failing')),
    CONSTRAINT ck_endpoint_timeout CHECK (timeout_seconds BETWEEN 1 AND 15),
    CONSTRAINT ck_endpoint_in_flight CHECK (max_in_flight BETWEEN 1 AND 512),
    CONSTRAINT ck_endpoint_rate CHECK (rate_per_second BETWEEN 1 AND 10000),
    CONSTRAINT ck_endpoint_filter CHECK (jsonb_typeof(filter) = 'object'),
    CONSTRAINT ck_endpoint_headers CHECK (jsonb_typeof(headers) = 'object'),
    CONSTRAINT ck_endpoint_url CHECK (octet_length(url) <= 2048),
    CONSTRAINT ck_endpoint_start CHECK (start_position >= 0),
    CONSTRAINT fk_endpoint_school_id FOREIGN KEY (school_id)
        REFERENCES school (id)
);
CREATE INDEX ix_endpoint_school_id_partner_id ON endpoint (school_id, partner_id);

CREATE TABLE endpoint_state (
    school_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    mode text DEFAULT 'active' NOT NULL,
    slots smallint DEFAULT 10 NOT NULL,
    rate integer,
    unsettled boolean DEFAULT false NOT NULL,
    backfilled_to bigint,
    backfill_until bigint,
    next_due_at timestamptz,
    in_flight integer DEFAULT 0 NOT NULL,
    rate_at timestamptz,
    last_served_at timestamptz,
    breaker text DEFAULT 'closed' NOT NULL,
    allowed smallint,
    wait_until timestamptz,
    window_from timestamptz,
    requests integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    slow_requests integer DEFAULT 0 NOT NULL,
    slow boolean DEFAULT false NOT NULL,
    first_failure_at timestamptz,
    last_success_at timestamptz,
    disable_for text,
    ready_at timestamptz GENERATED ALWAYS AS (
        CASE WHEN mode = 'active' AND disable_for IS NULL AND next_due_at IS NOT NULL
            AND in_flight < least(slots, coalesce(allowed, slots))
        THEN greatest(next_due_at, wait_until, rate_at, last_served_at) END
    ) STORED,
    CONSTRAINT pk_endpoint_state PRIMARY KEY (school_id, endpoint_id),
    CONSTRAINT fk_endpoint_state_school_id_endpoint_id FOREIGN KEY (school_id, endpoint_id)
        REFERENCES endpoint (school_id, id),
    CONSTRAINT ck_endpoint_state_in_flight CHECK (in_flight >= 0),
    CONSTRAINT fk_endpoint_state_school_id FOREIGN KEY (school_id)
        REFERENCES school (id)
);
CREATE INDEX ix_endpoint_state_backfill ON endpoint_state (endpoint_id) WHERE backfilled_to IS NOT NULL;
CREATE INDEX ix_endpoint_state_disable ON endpoint_state (endpoint_id) WHERE disable_for IS NOT NULL;
CREATE INDEX ix_endpoint_state_ready_at ON endpoint_state (ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX ix_endpoint_state_unsettled ON endpoint_state (endpoint_id) WHERE unsettled;

CREATE TABLE endpoint_secret (
    school_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    endpoint_id uuid NOT NULL,
    ciphertext bytea NOT NULL,
    key_version integer NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz,
    CONSTRAINT pk_endpoint_secret PRIMARY KEY (school_id, id),
    CONSTRAINT fk_endpoint_secret_school_id_endpoint_id FOREIGN KEY (school_id, endpoint_id)
        REFERENCES endpoint (school_id, id),
    CONSTRAINT fk_endpoint_secret_school_id FOREIGN KEY (school_id)
        REFERENCES school (id)
);
CREATE INDEX ix_endpoint_secret_school_id_endpoint_id ON endpoint_secret (school_id, endpoint_id);

CREATE TABLE delivery (
    school_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    replay smallint DEFAULT 0 NOT NULL,
    state text DEFAULT 'pending' NOT NULL,
    next_at timestamptz DEFAULT now() NOT NULL,
    attempt_no smallint DEFAULT 0 NOT NULL,
    failures smallint DEFAULT 0 NOT NULL,
    lost smallint DEFAULT 0 NOT NULL,
    lease_token uuid,
    lease_until timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_delivery PRIMARY KEY (school_id, endpoint_id, event_id, replay),
    CONSTRAINT ck_delivery_state CHECK (
        state IN ('pending', 'leased', 'retry_wait', 'held', 'succeeded', 'exhausted', 'cancelled'))
) PARTITION BY RANGE (event_id);
CREATE INDEX ix_delivery_held ON delivery (school_id, endpoint_id) WHERE state = 'held';
CREATE INDEX ix_delivery_leased ON delivery (lease_until) WHERE state = 'leased';
CREATE INDEX ix_delivery_pending ON delivery (school_id, endpoint_id, next_at) WHERE state = 'pending';
CREATE INDEX ix_delivery_retry_wait ON delivery (school_id, endpoint_id, next_at) WHERE state = 'retry_wait';

CREATE TABLE attempt (
    school_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    replay smallint NOT NULL,
    number smallint NOT NULL,
    outcome text NOT NULL,
    status_code smallint,
    error_class text,
    remote_ip text,
    latency_ms integer DEFAULT 0 NOT NULL,
    response bytea,
    late_outcome text,
    at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (school_id, endpoint_id, event_id, replay, number)
) PARTITION BY RANGE (event_id);
-- Rewritten with every claim and every settled batch.
ALTER TABLE endpoint_state SET (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
"""

# While the lock on fan_out is held nothing is expanded, so an endpoint sees every event past its start exactly once:
# those up to `reached` by a catching up of its own, the later ones with everybody else.
PLACING = """
CREATE FUNCTION place_endpoint() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    last bigint;
BEGIN
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
CREATE TRIGGER place_endpoint BEFORE INSERT ON endpoint FOR EACH ROW EXECUTE FUNCTION place_endpoint();

CREATE FUNCTION make_endpoint_state() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    reached bigint;
BEGIN
    SELECT expanded_to INTO reached FROM fan_out WHERE school_id = NEW.school_id;
    -- Nobody knows yet how it answers: it begins with two requests at once, like one that comes back from a failure.
    INSERT INTO endpoint_state (
        school_id, endpoint_id, mode, slots, rate, breaker, allowed, backfilled_to, backfill_until)
    VALUES (
        NEW.school_id, NEW.id, NEW.status, NEW.max_in_flight, NEW.rate_per_second, 'ramp', 2,
        CASE WHEN NEW.start_position < reached THEN NEW.start_position END,
        CASE WHEN NEW.start_position < reached THEN reached END
    );
    RETURN NULL;
END $body$;
CREATE TRIGGER make_endpoint_state AFTER INSERT ON endpoint FOR EACH ROW EXECUTE FUNCTION make_endpoint_state();
"""

# A disabled endpoint gets no deliveries; once it is used again it catches up from where it was disabled.
FOLLOWING = """
CREATE FUNCTION follow_endpoint() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    reached bigint;
    stops boolean := NEW.status = 'disabled' AND OLD.status <> 'disabled';
    returns boolean := NEW.status IN ('active', 'paused') AND OLD.status = 'disabled';
BEGIN
    SELECT expanded_to INTO reached FROM fan_out WHERE school_id = NEW.school_id FOR UPDATE;
    UPDATE endpoint_state SET
        version = version + 1, mode = NEW.status, slots = NEW.max_in_flight, rate = NEW.rate_per_second,
        rate_at = CASE WHEN NEW.rate_per_second IS NOT DISTINCT FROM OLD.rate_per_second THEN rate_at END,
        unsettled = unsettled OR NEW.status <> OLD.status,
        backfilled_to = CASE WHEN stops THEN coalesce(backfilled_to, reached) ELSE backfilled_to END,
        backfill_until = CASE WHEN returns AND backfilled_to IS NOT NULL THEN reached ELSE backfill_until END
    WHERE school_id = NEW.school_id AND endpoint_id = NEW.id;
    IF NEW.status = 'active' AND OLD.status <> 'active' THEN
        UPDATE endpoint_state SET
            breaker = 'ramp', allowed = 2, wait_until = NULL, window_from = NULL, requests = 0, failures = 0,
            slow_requests = 0, slow = false, first_failure_at = NULL, disable_for = NULL
        WHERE school_id = NEW.school_id AND endpoint_id = NEW.id;
    END IF;
    RETURN NULL;
END $body$;
CREATE TRIGGER follow_endpoint AFTER UPDATE ON endpoint FOR EACH ROW EXECUTE FUNCTION follow_endpoint();

CREATE FUNCTION follow_endpoint_secret() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    changed endpoint_secret := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    UPDATE endpoint_state SET version = version + 1
    WHERE school_id = changed.school_id AND endpoint_id = changed.endpoint_id;
    RETURN NULL;
END $body$;
CREATE TRIGGER follow_endpoint_secret AFTER INSERT OR UPDATE OR DELETE ON endpoint_secret
    FOR EACH ROW EXECUTE FUNCTION follow_endpoint_secret();
"""

RIGHTS = {
    "fan_out": "SELECT",
    "endpoint": "SELECT, INSERT, UPDATE",
    "endpoint_state": "SELECT, UPDATE (next_due_at)",
    "endpoint_secret": "SELECT, INSERT, UPDATE (expires_at), DELETE",
    "delivery": "SELECT, INSERT",
    "attempt": "SELECT",
}
ACROSS = {
    "fan_out": ("SELECT", "UPDATE"),
    "endpoint": ("SELECT",),
    "endpoint_state": ("SELECT", "UPDATE"),
    "endpoint_secret": ("SELECT",),
    "delivery": ("SELECT", "INSERT", "UPDATE"),
    "attempt": ("SELECT", "INSERT", "UPDATE"),
}


def upgrade() -> None:
    script(TABLES)
    script(PLACING)
    script(FOLLOWING)
    for table, rights in RIGHTS.items():
        wall(table, app=rights)
    for table, commands in ACROSS.items():
        across(table, "skooly_worker", *commands)
    op.execute(f"SELECT ensure_partitions({MONTHS_AHEAD})")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
