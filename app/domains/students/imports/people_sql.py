"""The statements behind `import students`. Walled rows are found by equality on their school's unique keys."""

TABLES = {
    "staged": """
        line integer NOT NULL, matricule text, matricule_key text, last_name text, first_name text, birth_date date,
        email text, status text, programme text, programme_label text, class text, class_label text,
        year text, starts_on date, ends_on date""",
    "enrolled": """
        line integer NOT NULL, matricule text, matricule_key text, programme text, programme_label text,
        class text, class_label text, year text, starts_on date, ends_on date""",
    "touched": "student_id uuid NOT NULL, line integer NOT NULL, created boolean, graduated boolean",
}

CURRENT_YEAR = "SELECT code FROM school_year WHERE $1 BETWEEN starts_on AND ends_on ORDER BY starts_on DESC LIMIT 1"

# A class alone says its programme; a class that is new is a programme of its own.
ENROLLED = """
INSERT INTO enrolled
SELECT s.line, s.matricule, s.matricule_key, coalesce(s.programme, owner.code, s.class),
    coalesce(s.programme_label, s.class_label), s.class, s.class_label, coalesce(s.year, $1), s.starts_on, s.ends_on
FROM staged s
LEFT JOIN school_class c ON c.code = s.class
LEFT JOIN programme owner ON owner.id = c.programme_id
WHERE s.programme IS NOT NULL OR s.class IS NOT NULL
"""

# A programme without a class keeps the class the student is in; else the class is called like the programme.
CLASS_OF_ITS_OWN = """
UPDATE enrolled e SET class = e.programme, class_label = e.programme_label
WHERE e.class IS NULL AND NOT EXISTS (
    SELECT FROM enrolment known
    JOIN student ON student.id = known.student_id AND student.matricule_key = e.matricule_key
    JOIN programme ON programme.id = known.programme_id AND programme.code = e.programme
    JOIN school_year ON school_year.id = known.school_year_id AND school_year.code = e.year
)
"""

PERSON_TWICE = """
SELECT s.line, s.matricule, f.line AS first_line
FROM staged s
JOIN (SELECT DISTINCT ON (matricule_key) * FROM staged ORDER BY matricule_key, line) f USING (matricule_key)
WHERE s.line > f.line AND (s.last_name, s.first_name, s.birth_date, s.email, s.status)
    IS DISTINCT FROM (f.last_name, f.first_name, f.birth_date, f.email, f.status)
"""

ENROLMENT_TWICE = """
SELECT line, matricule, first_line FROM (
    SELECT s.line, s.matricule,
        min(s.line) OVER (PARTITION BY s.matricule_key, e.programme, e.year) AS first_line
    FROM staged s LEFT JOIN enrolled e USING (line)
) lines WHERE line > first_line
"""

UNKNOWN_YEAR = """
SELECT line, year FROM enrolled
WHERE year NOT IN (SELECT code FROM school_year)
    AND NOT CASE WHEN year ~ '^(19|20|21)[0-9]{2}-[0-9]{4}$'
        THEN right(year, 4)::integer = left(year, 4)::integer + 1 ELSE false END
"""

CLASS_OF_OTHER_PROGRAMME = """
SELECT line, class AS class_code, owner, programme FROM (
    SELECT e.line, e.class, e.programme,
        coalesce(p.code, first_value(e.programme) OVER (PARTITION BY e.class ORDER BY e.line)) AS owner
    FROM enrolled e
    LEFT JOIN school_class c ON c.code = e.class
    LEFT JOIN programme p ON p.id = c.programme_id
    WHERE e.class IS NOT NULL
) classes WHERE owner <> programme
"""

MAKE_PROGRAMMES = """
INSERT INTO programme (school_id, code, label)
SELECT DISTINCT ON (programme) current_setting('app.school')::uuid, programme, programme_label
FROM enrolled WHERE programme NOT IN (SELECT code FROM programme) ORDER BY programme, line
"""

MAKE_CLASSES = """
INSERT INTO school_class (school_id, code, label, programme_id)
SELECT DISTINCT ON (e.class) p.school_id, e.class, e.class_label, p.id
FROM enrolled e JOIN programme p ON p.code = e.programme
WHERE e.class NOT IN (SELECT code FROM school_class) ORDER BY e.class, e.line
"""

MAKE_YEARS = """
INSERT INTO school_year (school_id, code, starts_on, ends_on)
SELECT current_setting('app.school')::uuid, year, make_date(left(year, 4)::integer, $1, 1),
    make_date(right(year, 4)::integer, $1, 1) - 1
FROM (SELECT DISTINCT year FROM enrolled WHERE year NOT IN (SELECT code FROM school_year)) missing
"""

# Only rows that are new or differ: an import run twice writes nothing and locks nothing.
WRITE_STUDENTS = """
WITH person AS (
    SELECT DISTINCT ON (s.matricule_key) s.line, s.matricule, s.matricule_key, s.last_name, s.first_name,
        CASE WHEN $2 THEN s.birth_date ELSE known.birth_date END AS birth_date,
        CASE WHEN $3 THEN s.email ELSE known.email END AS email,
        coalesce(s.status, known.status, 'active') AS status,
        known AS known
    FROM staged s LEFT JOIN student known USING (matricule_key)
    ORDER BY s.matricule_key, s.line
), written AS (
    INSERT INTO student (school_id, matricule, matricule_key, last_name, first_name, birth_date, email, status,
        created_at, updated_at)
    SELECT current_setting('app.school')::uuid, matricule, matricule_key, last_name, first_name, birth_date, email,
        status, $1, $1
    FROM person
    WHERE (known).id IS NULL OR (last_name, first_name, birth_date, email, status) IS DISTINCT FROM
        ((known).last_name, (known).first_name, (known).birth_date, (known).email, (known).status)
    ORDER BY line
    ON CONFLICT (school_id, matricule_key) DO UPDATE SET last_name = excluded.last_name,
        first_name = excluded.first_name, birth_date = excluded.birth_date, email = excluded.email,
        status = excluded.status, updated_at = excluded.updated_at
    RETURNING new.id, new.matricule_key, old.id IS NULL AS created,
        new.status = 'graduated' AND old.status <> 'graduated' AS graduated
)
INSERT INTO touched SELECT written.id, person.line, written.created, coalesce(written.graduated, false)
FROM written JOIN person USING (matricule_key)
"""

WRITE_ENROLMENTS = """
WITH wanted AS (
    SELECT e.line, s.school_id, s.id AS student_id, p.id AS programme_id, y.id AS year_id,
        coalesce(c.id, known.class_id) AS class_id,
        coalesce(e.starts_on, known.starts_on, y.starts_on) AS starts_on,
        coalesce(e.ends_on, known.ends_on, y.ends_on) AS ends_on,
        known AS known
    FROM enrolled e
    JOIN student s USING (matricule_key)
    JOIN programme p ON p.code = e.programme
    JOIN school_year y ON y.code = e.year
    LEFT JOIN school_class c ON c.code = e.class
    LEFT JOIN enrolment known ON known.school_id = s.school_id AND known.student_id = s.id
        AND known.programme_id = p.id AND known.school_year_id = y.id
), written AS (
    INSERT INTO enrolment (school_id, student_id, programme_id, class_id, school_year_id, starts_on, ends_on,
        created_at)
    SELECT school_id, student_id, programme_id, class_id, year_id, starts_on, ends_on, $1 FROM wanted
    WHERE (known).id IS NULL
        OR (class_id, starts_on, ends_on) IS DISTINCT FROM ((known).class_id, (known).starts_on, (known).ends_on)
    ORDER BY line
    ON CONFLICT (school_id, student_id, programme_id, school_year_id) DO UPDATE SET class_id = excluded.class_id,
        starts_on = excluded.starts_on, ends_on = excluded.ends_on
    RETURNING student_id, programme_id, school_year_id
)
INSERT INTO touched SELECT written.student_id, wanted.line, false, false
FROM written JOIN wanted ON wanted.student_id = written.student_id AND wanted.programme_id = written.programme_id
    AND wanted.year_id = written.school_year_id
"""

# A change of class is a change of the student for whoever asks what changed since yesterday.
STAMP_STUDENTS = """
UPDATE student SET updated_at = $1
WHERE id IN (SELECT student_id FROM touched GROUP BY student_id HAVING NOT bool_or(created)) AND updated_at <> $1
"""

COUNT = """
SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created),
    (SELECT count(DISTINCT matricule_key) FROM staged)
FROM (SELECT bool_or(created) AS created FROM touched GROUP BY student_id) students
"""

EVENTS = """
SELECT CASE WHEN t.created THEN 'student.created' WHEN t.graduated THEN 'student.graduated'
        ELSE 'student.updated' END,
    s.id, jsonb_build_object('matricule', s.matricule, 'first_name', s.first_name, 'last_name', s.last_name,
        'status', s.status), $1::timestamptz
FROM (
    SELECT student_id, min(line) AS line, bool_or(created) AS created, bool_or(graduated) AS graduated
    FROM touched GROUP BY student_id
) t
JOIN student s ON s.id = t.student_id
ORDER BY t.line
"""
