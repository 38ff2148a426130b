"""Which meals are in the books: each knows its restaurant, and the piece that took it.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

from migrations.walls import script, wall

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE meal_piece (
    school_id uuid NOT NULL,
    id uuid DEFAULT uuidv7() NOT NULL,
    zone_id uuid NOT NULL,
    service_date date NOT NULL,
    currency text NOT NULL,
    made_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_meal_piece PRIMARY KEY (school_id, id),
    CONSTRAINT fk_meal_piece_school_id FOREIGN KEY (school_id) REFERENCES school (id),
    CONSTRAINT fk_meal_piece_school_id_zone_id FOREIGN KEY (school_id, zone_id) REFERENCES zone (school_id, id)
);
CREATE INDEX ix_meal_piece_school_id_zone_id ON meal_piece (school_id, zone_id, service_date);
ALTER TABLE meal ADD COLUMN zone_id uuid, ADD COLUMN piece_id uuid,
    ADD CONSTRAINT fk_meal_school_id_zone_id FOREIGN KEY (school_id, zone_id) REFERENCES zone (school_id, id),
    ADD CONSTRAINT fk_meal_school_id_piece_id FOREIGN KEY (school_id, piece_id) REFERENCES meal_piece (school_id, id);
CREATE INDEX ix_meal_unposted ON meal (school_id, wallet_entry_id) WHERE piece_id IS NULL AND zone_id IS NOT NULL;
"""


def upgrade() -> None:
    script(TABLES)
    wall("meal_piece", app="SELECT, INSERT")
    op.execute("GRANT UPDATE (piece_id) ON meal TO skooly_app")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
