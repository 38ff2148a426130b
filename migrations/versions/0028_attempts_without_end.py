"""A delivery that is tried without end ends nothing else: the number of its attempt stops where the column does.

Revision ID: 0028
Revises: 0027
"""

from migrations.walls import script

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# What goes wrong on this side spends no step of the schedule. Once a minute for three weeks is more attempts than the
# column counts, and one overflow failed the claim of every endpoint.
COUNTING, COUNTED = "attempt_no = d.attempt_no + 1,", "attempt_no = least(d.attempt_no + 1, 32767),"


def upgrade() -> None:
    script(f"""
DO $do$
DECLARE
    body text := pg_get_functiondef('claim_deliveries'::regproc);
BEGIN
    ASSERT position('{COUNTING}' IN body) > 0;
    EXECUTE replace(body, '{COUNTING}', '{COUNTED}');
END $do$;
""")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
