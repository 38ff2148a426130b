"""The statements of passages, and the rules of access as one statement, for this slice and for whoever reads plans."""

from sqlalchemy import insert, text

from app.core.tables import THIS_SCHOOL
from app.domains.access.tables import Passage

DECIDE_ACCESS = text(
    """
SELECT d.zone_id, d.student_id, d.reason, s.matricule FROM decide_access(
    current_setting('app.school')::uuid, CAST(:moment AS timestamptz), CAST(:day AS date), CAST(:weekday AS integer),
    CAST(:clock AS time), CAST(:as_of AS timestamptz), CAST(:passages_from AS uuid), CAST(:passages_until AS uuid),
    ARRAY[CAST(:badge AS text)], ARRAY[CAST(:zone AS text)]
) d LEFT JOIN student s ON s.school_id = current_setting('app.school')::uuid AND s.id = d.student_id
"""
)
"""Takes `badge` and `zone`, normalised; `moment`, and its `day`, ISO `weekday` and `clock` in the school's time zone;
`as_of`, at which instant the badge's holder is meant; and the bounds of `loaders.passage_bounds`."""

CLAIM_RECEIPT = text(
    """
INSERT INTO passage_receipt (school_id, device_id, device_event_id, passage_id)
VALUES (current_setting('app.school')::uuid, :device_id, :device_event_id, :passage_id)
ON CONFLICT DO NOTHING
"""
)

FIND_RECORDED = text(
    """
SELECT p.id, p.student_id, z.code AS zone, p.direction, p.granted, p.reason, p.offline, p.meal, p.service_date,
    p.charged, p.overdrawn, p.occurred_at, p.recorded_at
FROM passage_receipt r
JOIN passage p ON p.school_id = r.school_id AND p.id = r.passage_id
JOIN zone z ON z.school_id = p.school_id AND z.id = p.zone_id
WHERE r.school_id = current_setting('app.school')::uuid AND r.device_id = :device_id
    AND r.device_event_id = :device_event_id
"""
)

KEEP_PASSAGE = insert(Passage).values(school_id=THIS_SCHOOL)

SERVED_MEAL = text(
    """
SELECT z.price, z.currency, w.meal, w.days_ago
FROM zone z LEFT JOIN LATERAL open_windows(z.school_id, z.id, CAST(:weekday AS integer), CAST(:clock AS time)) w ON true
WHERE z.school_id = current_setting('app.school')::uuid AND z.id = :zone_id
ORDER BY w.days_ago, w.opens_at LIMIT 1
"""
)
"""What a zone charges at a local time, and for which meal of which day; no meal where no window is open."""

MEAL_TAKEN = text(
    """
SELECT true FROM meal WHERE school_id = current_setting('app.school')::uuid AND student_id = :student_id
    AND service_date = :service_date AND meal = :meal
"""
)

TAKE_MEAL = text(
    """
INSERT INTO meal (school_id, student_id, service_date, meal, wallet_entry_id, zone_id)
VALUES (current_setting('app.school')::uuid, :student_id, :service_date, :meal, :wallet_entry_id, :zone_id)
ON CONFLICT DO NOTHING
"""
)

OVERDRAWN = text(
    "SELECT balance < 0 FROM wallet WHERE school_id = current_setting('app.school')::uuid AND student_id = :student_id"
)
