"""How the events of absences, zones, doors and endpoints come about."""

from datetime import timedelta
from typing import Any

from app.core.database import Wall
from app.domains.absences.records import AbsenceRecord
from app.domains.absences.service import justify_absence, record_absence
from app.domains.access.passages import record_passage
from app.domains.access.windows import read_window
from app.domains.access.zone_records import NewZone
from app.domains.access.zones import create_zone, update_zone
from app.domains.events.topics import Topic
from app.domains.students.commands import assign_badge, create_programme
from app.domains.webhooks.owners import Owner
from app.domains.webhooks.service import send_test_event
from app.domains.webhooks.sweeping import disable_failing
from tests.catalogue.world import MATRICULE, NOW, Happenings, World
from tests.support.factories.webhooks import make_endpoint


async def miss(world: World) -> AbsenceRecord:
    days: dict[str, Any] = {"starts_at": NOW, "ends_at": NOW + timedelta(hours=4), "now": NOW}
    async with world.write() as session:
        return await record_absence(session, world.actor, matricule=MATRICULE, reason="Grippe", justified=False, **days)


async def justify(world: World) -> None:
    absence = await miss(world)
    async with world.write() as session:
        await justify_absence(
            session, world.actor, absence_id=absence.id, justified=True, justification="Certificat", now=NOW
        )


async def open_zone(world: World) -> None:
    async with world.write() as session:
        await create_programme(session, world.actor, code="INF", label="Informatique")
        lunch = read_window("déjeuner lun-ven 11:30-14:00")
        zone = NewZone("RESTAURANT", "Restaurant", "XOF", price="500", windows=[lunch], programmes=["INF"])
        await create_zone(session, zone)


async def change_zone(world: World) -> None:
    await open_zone(world)
    async with world.write() as session:
        await update_zone(session, world.actor, zone="RESTAURANT", changes={"price": "12.50", "currency": "EUR"})


async def turn_away(world: World) -> None:
    """Somebody nobody knows, a student by the rules, and one whom the device refused by itself."""
    await open_zone(world)
    async with world.write() as session:
        await create_zone(session, NewZone("COUR", "Cour", "XOF", requires_tuition=False))
        await assign_badge(session, world.actor, matricule=MATRICULE, uid="12345")
        at: dict[str, Any] = {"device_id": "tourniquet-1", "direction": "in", "occurred_at": NOW, "now": NOW}
        for number, (zone, badge, granted) in enumerate(
            [("RESTAURANT", "nobody", None), ("RESTAURANT", "12345", None), ("COUR", "12345", False)]
        ):
            event = {"zone": zone, "badge": badge, "granted": granted, "device_event_id": str(number)}
            await record_passage(session, world.actor, **at, **event)


async def let_in(world: World) -> None:
    """To eat, out again, and somebody nobody knows whom the device let in by itself."""
    await open_zone(world)
    async with world.write() as session:
        await assign_badge(session, world.actor, matricule=MATRICULE, uid="12345")
        at: dict[str, Any] = {"device_id": "tourniquet-1", "occurred_at": NOW, "now": NOW, "granted": True}
        for number, (badge, direction) in enumerate([("12345", "in"), ("12345", "out"), ("nobody", "in")]):
            event = {"badge": badge, "direction": direction, "device_event_id": str(number), "offline": True}
            await record_passage(session, world.actor, zone="RESTAURANT", **at, **event)


async def try_endpoint(world: World) -> None:
    endpoint = await make_endpoint(world.database, world.school, "https://recepteur.example.org/secret")
    async with world.write() as session:
        await send_test_event(session, Owner(), endpoint)


async def disable_endpoint(world: World) -> None:
    endpoint = await make_endpoint(world.database, world.school, "https://recepteur.example.org/secret")
    async with world.database.raw(Wall.worker()) as connection:
        await connection.execute("UPDATE endpoint_state SET disable_for = 'gone' WHERE endpoint_id = $1", endpoint)
    assert endpoint in await disable_failing(world.database)


PLACES: Happenings = {
    Topic.ABSENCE_RECORDED: miss,
    Topic.ABSENCE_JUSTIFIED: justify,
    Topic.ZONE_CREATED: open_zone,
    Topic.ZONE_UPDATED: change_zone,
    Topic.ACCESS_GRANTED: let_in,
    Topic.ACCESS_DENIED: turn_away,
    Topic.ENDPOINT_TESTED: try_endpoint,
    Topic.ENDPOINT_DISABLED: disable_endpoint,
}
