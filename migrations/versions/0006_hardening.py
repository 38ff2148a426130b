"""What the database holds even against statements that are not ours.

Revision ID: 0006
Revises: 0005
"""

from migrations.walls import script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Temporary tables come first in every search path that does not name them. Where a function runs as its owner, one
# called like a table of ours would take what is meant for it: a revocation would reach nobody.
DEFINERS = """
ALTER FUNCTION advance_key_generation() SET search_path = public, pg_temp;
ALTER FUNCTION apply_allocations() SET search_path = public, pg_temp;
ALTER FUNCTION apply_wallet_entries() SET search_path = public, pg_temp;
"""

# An operation with several root mutations gathers its subjects in one row: the application may add some, never
# take one away.
AUDIT = """
CREATE FUNCTION keep_audit_subjects() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT NEW.subjects @> OLD.subjects THEN
        RAISE EXCEPTION 'subjects are only added to an audit entry'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_entry_only_grows';
    END IF;
    RETURN NEW;
END $body$;
CREATE TRIGGER keep_audit_subjects BEFORE UPDATE ON audit_entry
    FOR EACH ROW WHEN (current_user = 'skooly_app') EXECUTE FUNCTION keep_audit_subjects();
"""


def upgrade() -> None:
    script(DEFINERS)
    script(AUDIT)


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
