"""Zones as the API takes and shows them."""

from collections.abc import Mapping
from datetime import time
from enum import Enum
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry import UNSET, argument
from strawberry.utils.str_converters import to_camel_case

from app.core.graph.context import Info
from app.core.graph.failure import Failure, InvalidInputFailure, expected, failure
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.money import to_decimal_string
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.access import errors
from app.domains.access.schema.checks import UnknownZoneFailure
from app.domains.access.service import zone_open_to
from app.domains.access.windows import LONGEST_MEAL, Window
from app.domains.access.zone_reads import describe_zone, list_zones
from app.domains.access.zone_records import NewZone, ZoneRecord, refused
from app.domains.access.zones import LABEL, create_zone, update_zone
from app.domains.partners.mutations import IdempotencyKey, perform_once

_of_zone = any_scope([Scope.ZONES_READ, Scope.ZONES_WRITE])
_to_write = any_scope([Scope.ZONES_WRITE])


@strawberry.enum(description="A day of the week.")
class Weekday(Enum):
    monday = strawberry.enum_value("monday", description="Monday.")
    tuesday = strawberry.enum_value("tuesday", description="Tuesday.")
    wednesday = strawberry.enum_value("wednesday", description="Wednesday.")
    thursday = strawberry.enum_value("thursday", description="Thursday.")
    friday = strawberry.enum_value("friday", description="Friday.")
    saturday = strawberry.enum_value("saturday", description="Saturday.")
    sunday = strawberry.enum_value("sunday", description="Sunday.")


WEEK = tuple(day.value for day in Weekday)


@strawberry.type(description="When a zone serves, on the wall clock of the school.")
class ZoneWindow:
    meal: str = _of_zone(description="What is served: each meal is paid once a day.", example="déjeuner")
    weekdays: list[Weekday] = _of_zone(description="On which days it opens.", example=["monday", "tuesday"])
    opens: str = _of_zone(description="From this hour on.", example="11:30")
    closes: str = _of_zone(
        description="Up to this hour: an earlier one than `opens` is that of the next day.", example="14:00"
    )

    @classmethod
    def of(cls, window: Window) -> Self:
        return cls(
            meal=window.meal,
            weekdays=[Weekday(WEEK[day - 1]) for day in window.weekdays],
            opens=f"{window.opens_at:%H:%M}",
            closes=f"{window.closes_at:%H:%M}",
        )


@strawberry.type(description="A place behind turnstiles: a canteen, a library, a gate.")
class Zone:
    id: UUID = _of_zone(description="Its identifier.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")
    code: str = _of_zone(description="Its code, as turnstiles send it.", example="RESTAURANT")
    label: str = _of_zone(description="Its name.", example="Restaurant universitaire")
    price: str = _of_zone(description="What a meal costs, a decimal. 0 needs no wallet.", example="500")
    currency: str = _of_zone(description="ISO 4217 code of the price.", example="XOF")
    requires_tuition: bool = _of_zone(description="Whether late tuition keeps people out.", example=True)
    anti_passback_seconds: int = _of_zone(
        description="For how long a badge that came in cannot come in again without having left; 0 is not at all.",
        example=900,
    )
    windows: list[ZoneWindow] = _of_zone(description="When it serves; none is at any time.", size=5)
    programmes: list[str] = _of_zone(description="Codes of those it is for; none is for everybody.", example=["INF"])

    @classmethod
    def of(cls, record: ZoneRecord) -> Self:
        return cls(
            id=record.id,
            code=record.code,
            label=record.label,
            price=to_decimal_string(record.price, record.currency),
            currency=record.currency,
            requires_tuition=record.requires_tuition,
            anti_passback_seconds=record.anti_passback_seconds,
            windows=[ZoneWindow.of(window) for window in record.windows],
            programmes=list(record.programmes),
        )


@strawberry.input(description="When a zone serves, on the wall clock of the school.")
class ZoneWindowInput:
    meal: str = _to_write(description=f"What is served, in at most {LONGEST_MEAL} characters.", example="déjeuner")
    weekdays: list[Weekday] = _to_write(description="On which days it opens.", example=["monday", "tuesday"])
    opens: str = _to_write(description="From this hour on, written 11:30.", example="11:30")
    closes: str = _to_write(
        description="Up to this hour, written 14:00: an earlier one than `opens` is that of the next day.",
        example="14:00",
    )


@strawberry.input(description="A zone to open.")
class CreateZoneInput:
    code: str = _to_write(description="A short code, as turnstiles will send it.", example="BAR", form=IDENTIFIER)
    label: str = _to_write(description="Its name.", example="Cafétéria", form=LABEL)
    price: str = _to_write(
        description="What a meal costs: a decimal like `500`. 0 needs no wallet.",
        example="500",
        optional=True,
        default="0",
    )
    currency: str = _to_write(description="ISO 4217 code of the price.", example="XOF")
    requires_tuition: bool = _to_write(
        description="Whether late tuition keeps people out.", example=True, optional=True, default=True
    )
    anti_passback_seconds: int = _to_write(
        description="For how long a badge that came in cannot come in again without having left: 0 to 86400.",
        example=900,
        optional=True,
        default=0,
    )
    windows: list[ZoneWindowInput] = _to_write(description="When it serves; none is at any time.", default_factory=list)
    programmes: list[str] = _to_write(
        description="Codes of those it is for; none is for everybody.", example=[], default_factory=list
    )


@strawberry.input(description="What to change of a zone. What is left out stays as it is.")
class UpdateZoneInput:
    zone: str = _to_write(description="Code of the zone, in any case.", example="RESTAURANT", form=IDENTIFIER)
    label: str | None = _to_write(
        description="Its new name.", example="Cafétéria", optional=True, default=UNSET, form=LABEL
    )
    price: str | None = _to_write(description="What a meal costs now.", example="600", optional=True, default=UNSET)
    currency: str | None = _to_write(
        description="ISO 4217 code of the price.", example="XOF", optional=True, default=UNSET
    )
    requires_tuition: bool | None = _to_write(
        description="Whether late tuition keeps people out.", example=True, optional=True, default=UNSET
    )
    anti_passback_seconds: int | None = _to_write(
        description="For how long a badge that came in cannot come in again without having left: 0 to 86400.",
        example=900,
        optional=True,
        default=UNSET,
    )
    windows: list[ZoneWindowInput] | None = _to_write(
        description="When it serves, in place of all there were; an empty list is at any time.",
        optional=True,
        default=UNSET,
    )
    programmes: list[str] | None = _to_write(
        description="Codes of those it is for, in place of all there were; an empty list is for everybody.",
        example=["INF"],
        optional=True,
        default=UNSET,
    )


@failure(errors.ZoneCodeTaken, description="There is already a zone with this code.")
class ZoneCodeTakenFailure(Failure):
    pass


CreateZoneResult = Annotated[
    Zone | ZoneCodeTakenFailure | InvalidInputFailure,
    strawberry.union("CreateZoneResult", description="The zone, or why there is none."),
]
UpdateZoneResult = Annotated[
    Zone | UnknownZoneFailure | InvalidInputFailure,
    strawberry.union("UpdateZoneResult", description="The zone as it is now, or why it was not changed."),
]


@expected(CreateZoneResult)
async def _create_zone(
    info: Info,
    input: Annotated[CreateZoneInput, argument(description="The zone.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateZoneResult:
    asked = plain(input)
    zone_open_to(info.context.actor, asked["code"], "code")
    zone = NewZone(**_with_windows(asked))
    record = await perform_once(
        info.context,
        "createZone",
        idempotency_key,
        asked,
        lambda session: create_zone(session, zone),
        ZoneRecord,
        concerns=lambda made: (),
    )
    return Zone.of(record)


@expected(UpdateZoneResult)
async def _update_zone(
    info: Info, input: Annotated[UpdateZoneInput, argument(description="The changes.")]
) -> UpdateZoneResult:
    changes = _with_windows(plain(input))
    zone = changes.pop("zone")
    if nulls := [name for name, value in changes.items() if value is None]:
        named = to_camel_case(nulls[0])
        raise refused(named, "null n'est pas une valeur : laissez le champ absent", "null is no value: leave it out")
    async with info.context.write() as session:
        record = await update_zone(session, info.context.actor, zone=zone, changes=changes)
    return Zone.of(record)


def _with_windows(asked: Mapping[str, Any]) -> dict[str, Any]:
    if not asked.get("windows"):
        return dict(asked)
    return {**asked, "windows": [_window(place, given) for place, given in enumerate(asked["windows"])]}


def _window(place: int, given: Mapping[str, Any]) -> Window:
    """Raises InvalidInput naming the window."""
    field = f"windows.{place}"
    if not 1 <= len(given["meal"].strip()) <= LONGEST_MEAL:
        raise refused(f"{field}.meal", f"de 1 à {LONGEST_MEAL} caractères", f"1 to {LONGEST_MEAL} characters")
    if not given["weekdays"]:
        raise refused(f"{field}.weekdays", "au moins un jour", "at least one day")
    opens, closes = (_hour(given[name], f"{field}.{name}") for name in ("opens", "closes"))
    if opens == closes:
        raise refused(f"{field}.closes", "elle ferme à une autre heure", "it closes at another hour")
    days = sorted({WEEK.index(day) + 1 for day in given["weekdays"]})
    return Window(given["meal"].strip(), tuple(days), opens, closes)


def _hour(text: str, field: str) -> time:
    try:
        if len(text) == len("11:30"):
            return time.fromisoformat(text)
    except ValueError:
        pass
    raise refused(field, "une heure s'écrit comme 11:30", "an hour is written like 11:30")


async def _zones(info: Info) -> list[Zone]:
    async with info.context.read() as session:
        return [Zone.of(record) for record in await list_zones(session, info.context.actor.zones)]


async def _zone(
    info: Info,
    code: Annotated[str, takes(IDENTIFIER, description="Code of the zone, in any case.", example="RESTAURANT")],
) -> Zone | None:
    async with info.context.read() as session:
        try:
            return Zone.of(await describe_zone(session, zone_open_to(info.context.actor, code, "code")))
        except errors.UnknownZone:
            return None


@strawberry.type
class ZoneQuery:
    zones: list[Zone] = scoped(
        Scope.ZONES_READ, description="The zones of the school that the key is for, by code.", resolver=_zones, size=30
    )
    zone: Zone | None = scoped(Scope.ZONES_READ, description="The zone with this code; null for none.", resolver=_zone)


@strawberry.type
class ZoneMutation:
    create_zone: CreateZoneResult = scoped(
        Scope.ZONES_WRITE, description="Opens a zone.", resolver=_create_zone, cost=10
    )
    update_zone: UpdateZoneResult = scoped(
        Scope.ZONES_WRITE,
        description="Changes a zone: its price, its hours, whom it is for. The next check already goes by it.",
        resolver=_update_zone,
        cost=10,
    )
