"""The zones of `places`, as rows."""

from app.demo.calendar import Calendar, at
from app.demo.draft import Draft
from app.demo.people import Frame
from app.demo.places import PLACES, Place
from app.domains.access.tables import Zone, ZoneProgramme, ZoneWindow

CURRENCY = "XOF"
CLOSED_FOR_DAYS = 3
"""A window without weekdays opens once a week: on the day of the start and the two after it, it is closed."""


def draw_zones(draft: Draft, calendar: Calendar, frame: Frame) -> None:
    for place in PLACES:
        _zone(draft, calendar, frame, place)


def _zone(draft: Draft, calendar: Calendar, frame: Frame, place: Place) -> None:
    opened = at(calendar.years[0].starts_on)
    zone_id = draft.make(
        Zone,
        opened,
        code=place.code,
        label=place.label,
        price=place.price,
        currency=CURRENCY,
        requires_tuition=place.requires_tuition,
        anti_passback_seconds=place.anti_passback_seconds,
    )
    weekly = (calendar.today.isoweekday() - 1 + CLOSED_FOR_DAYS) % 7 + 1
    for window in place.windows:
        times = {"meal": window.meal, "opens_at": window.opens_at, "closes_at": window.closes_at}
        for weekday in window.weekdays or (weekly,):
            draft.make(ZoneWindow, opened, zone_id=zone_id, weekday=weekday, **times)
    for study, programme_id in frame.programmes.items():
        if study.code in place.programmes:
            draft.add(ZoneProgramme, zone_id=zone_id, programme_id=programme_id)
