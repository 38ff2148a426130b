"""Statistics that keep up with schools.

PostgreSQL folds `current_setting('app.school')` while it plans, and looks the school up in the statistics. A school
they have never seen is estimated at no rows at all; then every index that starts with school_id looks as good as the
right one, and a look-up reads the whole school. So imports have the tables they filled analysed, and the tables of
hot look-ups are analysed after one row in a hundred rather than one in ten.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

from migrations.walls import script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LOOKED_UP = (
    "student",
    "enrolment",
    "badge",
    "invoice",
    "instalment",
    "payment",
    "allocation",
    "wallet",
    "journal_entry",
    "journal_line",
)

# Analysing is the owner's right. A table that somebody else is analysing needs no second time.
REFRESH_STATISTICS = """
CREATE FUNCTION refresh_statistics(tables text[]) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) public.%I', name);
    END LOOP;
END $body$;
REVOKE ALL ON FUNCTION refresh_statistics(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_statistics(text[]) TO skooly_app;
"""


def upgrade() -> None:
    script(REFRESH_STATISTICS)
    for table in LOOKED_UP:
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_analyze_scale_factor = 0.01, autovacuum_analyze_threshold = 500)"
        )


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
