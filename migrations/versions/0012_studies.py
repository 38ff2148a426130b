"""Lists of students by name and by class; programmes, classes and school years that take nobody any more.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

from migrations.walls import script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Small letters without accents, apostrophes or hyphens: "N'Diaye Aïssatou" is "ndiaye aissatou". Built-in immutable
# functions alone, and spelt out, so that a dump can be restored under any search path.
NAME_KEY = """
CREATE FUNCTION fold_name(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    pg_catalog.btrim(pg_catalog.regexp_replace(
        pg_catalog.regexp_replace(
            pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
                pg_catalog.lower(pg_catalog.normalize(name, 'NFKD')), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'),
            '[\u0300-\u036f''’ʼ‘`´]', '', 'g'),
        '[-‐‑–—.,[:space:]]+', ' ', 'g'));
CREATE FUNCTION name_key(last_name text, first_name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN public.fold_name(last_name || ' ' || first_name);
"""

COLUMNS = """
ALTER TABLE student ADD COLUMN name_key text COLLATE "C" NOT NULL
    GENERATED ALWAYS AS (name_key(last_name, first_name)) STORED;
ALTER TABLE programme ADD COLUMN closed_at timestamptz;
ALTER TABLE school_class ADD COLUMN closed_at timestamptz;
ALTER TABLE school_year ADD COLUMN closed_at timestamptz;
"""

INDEXES = """
CREATE INDEX ix_student_school_id_name_key ON student (school_id, name_key, id);
CREATE INDEX ix_student_school_id_status_updated_at ON student (school_id, status, updated_at, id);
CREATE INDEX ix_school_class_school_id_programme_id ON school_class (school_id, programme_id, code);
CREATE INDEX ix_enrolment_school_id_class_id ON enrolment (school_id, class_id, school_year_id, student_id);
"""


def upgrade() -> None:
    for statements in (NAME_KEY, COLUMNS, INDEXES):
        script(statements)
    op.execute("ANALYZE student, enrolment")


def downgrade() -> None:
    raise RuntimeError("Skooly only migrates forward: restore a backup to go back")
