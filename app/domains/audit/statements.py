"""The statements of the audit, for this slice and for whoever reads plans."""

from sqlalchemy import text

# Of the schools, those with an entry that has settled and lies past the end of what is sealed.
SCHOOLS_TO_SEAL = text(
    """
SELECT s.id FROM school s LEFT JOIN audit_chain c ON c.school_id = s.id
WHERE EXISTS (
    SELECT FROM audit_entry e WHERE e.school_id = s.id AND e.request_id < :until
        AND e.request_id >= coalesce(c.sealed_until, '00000000-0000-0000-0000-000000000000')
)
ORDER BY s.id
"""
)

OPEN_CHAIN = text(
    """
INSERT INTO audit_chain (school_id, link, sealed_until)
VALUES (:school_id, :link, '00000000-0000-0000-0000-000000000000') ON CONFLICT DO NOTHING
"""
)

LOCK_CHAIN = text(
    "SELECT position, link, sealed_until, now() AS now FROM audit_chain WHERE school_id = :school_id FOR UPDATE"
)

ENTRIES_TO_SEAL = text(
    """
SELECT e.request_id, e.operation, e.partner_id, e.key_id, e.channel, e.subjects, e.at FROM audit_entry e
WHERE e.school_id = :school_id AND e.request_id >= :since AND e.request_id < :until AND e.at < :settled
    AND NOT EXISTS (
        SELECT FROM audit_seal s
        WHERE s.school_id = e.school_id AND s.operation = e.operation AND s.request_id = e.request_id
    )
ORDER BY e.request_id, e.operation LIMIT :most
"""
)

SALTS_OF = text("SELECT id, salt FROM audit_salt WHERE school_id = :school_id AND id = ANY (CAST(:subjects AS uuid[]))")

INSERT_SALTS = text(
    """
INSERT INTO audit_salt (school_id, id, salt)
SELECT :school_id, id, salt FROM unnest(CAST(:subjects AS uuid[]), CAST(:salts AS bytea[])) AS new (id, salt)
"""
)

INSERT_SUBJECTS = text(
    """
INSERT INTO audit_subject (school_id, subject, request_id, operation)
SELECT :school_id, subject, request_id, operation
FROM unnest(CAST(:subjects AS uuid[]), CAST(:requests AS uuid[]), CAST(:operations AS text[]))
    AS new (subject, request_id, operation)
ON CONFLICT DO NOTHING
"""
)

INSERT_SEAL = text(
    """
INSERT INTO audit_seal (school_id, operation, request_id, partner_id, key_id, position, commitments, link)
VALUES (:school_id, :operation, :request_id, :partner_id, :key_id, :position, :commitments, :link)
"""
)

ADVANCE_CHAIN = text(
    """
UPDATE audit_chain SET position = :position, link = :link, sealed_until = greatest(sealed_until, :until)
WHERE school_id = :school_id
"""
)

CHAIN_HEAD_HERE = text(
    "SELECT position, link, sealed_until FROM audit_chain WHERE school_id = current_setting('app.school')::uuid"
)

# The chain from a position on, each link with the entry it is about, where that is still there.
SEALED_ENTRIES = text(
    """
SELECT s.position, s.commitments, s.link, s.request_id, s.operation, s.partner_id AS sealed_partner,
    s.key_id AS sealed_key, e.partner_id, e.key_id, e.channel, e.subjects, e.at
FROM audit_seal s
LEFT JOIN audit_entry e
    ON e.school_id = s.school_id AND e.request_id = s.request_id AND e.operation = s.operation
WHERE s.school_id = :school_id AND s.position > :after AND s.position <= :until
ORDER BY s.position LIMIT :most
"""
)

UNSEALED_ENTRIES = text(
    """
SELECT count(*) FROM audit_entry e
WHERE e.school_id = :school_id AND e.request_id < :until AND NOT EXISTS (
    SELECT FROM audit_seal s
    WHERE s.school_id = e.school_id AND s.operation = e.operation AND s.request_id = e.request_id
)
"""
)

# Of a student: the sealed entries by the look-up, and the few that are not sealed yet.
FORGET_IN_ENTRIES = text(
    """
UPDATE audit_entry e SET subjects = array_replace(e.subjects, :subject, '00000000-0000-0000-0000-000000000000')
WHERE e.school_id = :school_id AND (
    (e.request_id, e.operation) IN (
        SELECT request_id, operation FROM audit_subject WHERE school_id = :school_id AND subject = :subject
    ) OR (e.request_id >= :tail AND :subject = ANY (e.subjects))
)
"""
)

FORGET_LOOK_UPS = text("DELETE FROM audit_subject WHERE school_id = :school_id AND subject = :subject")

DROP_SALT = text("DELETE FROM audit_salt WHERE school_id = :school_id AND id = :subject")
