"""The keys of a school, as its console sees them and takes them back."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Self
from zoneinfo import ZoneInfo

import strawberry

from app.core.api_keys import KEY_ID_LENGTH
from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Context, Info
from app.core.graph.failure import Failure, expected, failure
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import Form
from app.domains.partners.errors import KeyNotFound
from app.domains.partners.presets import PRESETS
from app.domains.partners.presets import Preset as PresetRecord
from app.domains.partners.schema.partners import NAME
from app.domains.partners.scope_words import words_of
from app.domains.partners.service import (
    KeyRecord,
    describe_key,
    find_partner,
    key_state,
    offered,
    page_of_keys,
    revoke_key,
)

_CONNECTION = "keys"
KEY_ID = Form(KEY_ID_LENGTH)
_of_key = any_scope([Scope.KEYS_MANAGE])
_of_scope = any_scope(list(Scope))


@strawberry.enum(name="KeyState", description="Whether a key opens anything.")
class KeyState(Enum):
    active = strawberry.enum_value("active", description="It opens.")
    replaced = strawberry.enum_value("replaced", description="It opens until its grace ends; another took its place.")
    expired = strawberry.enum_value("expired", description="Its time has passed.")
    revoked = strawberry.enum_value("revoked", description="It was taken back.")


@strawberry.type(description="One thing a key may do.")
class KeyScope:
    name: str = _of_scope(description="The scope.", example="students:read")
    description: str = _of_scope(
        description="What it lets the key do, in the language asked for.", example="Lire un étudiant par son matricule."
    )
    last_used_at: datetime | None = _of_scope(
        description="When the key last needed it, to a minute or so; null for never.",
        example="2025-01-13T09:00:00+00:00",
    )

    @classmethod
    def all_of(cls, record: KeyRecord, context: Context) -> "list[KeyScope]":
        zone = ZoneInfo(context.actor.timezone)
        uses = {scope: at.astimezone(zone) for scope, at in record.scope_uses.items()}
        return [
            cls(name=scope, description=words_of(scope, context.language), last_used_at=uses.get(scope))
            for scope in sorted(record.scopes)
        ]


@strawberry.type(
    name="ApiKey", description="A key of a partner, without its text, which is shown once and kept nowhere."
)
class ApiKey:
    key_id: str = _of_key(
        description="What it is called: the twelve characters after `sk_live_`.", example="Ab3dEf6hIj9k"
    )
    partner: str = _of_key(description="The partner that holds it.", example="Cantine")
    preset: str = _of_key(description="The preset it was issued with.", example="cantine")
    state: KeyState = _of_key(description="Whether it opens anything.", example="active")
    scopes: list[KeyScope] = _of_key(description="What it may do.", size=10)
    unused_scopes: list[str] = _of_key(
        description="Scopes that it has never used: it could do with less.", example=["students:list"]
    )
    zones: list[str] = _of_key(description="The zones it is for; empty for every zone.", example=["RESTAURANT"])
    networks: list[str] = _of_key(
        description="The networks it opens from; empty for anywhere.", example=["203.0.113.0/24"]
    )
    created_at: datetime = _of_key(description="When it was issued.", example="2025-01-13T09:00:00+00:00")
    expires_at: datetime | None = _of_key(
        description="When it stops opening; null for never.", example="2026-01-13T09:00:00+00:00"
    )
    revoked_at: datetime | None = _of_key(
        description="When it was taken back; null where it was not.", example="2025-02-13T09:00:00+00:00"
    )
    replaced_by: str | None = _of_key(
        description="The key that took its place; null where none did.", example="Zb3dEf6hIj9k"
    )
    last_used_at: datetime | None = _of_key(
        description="When it last opened anything, to a minute or so; null for never.",
        example="2025-01-13T09:00:00+00:00",
    )

    @classmethod
    def of(cls, record: KeyRecord, context: Context) -> Self:
        zone = ZoneInfo(context.actor.timezone)
        return cls(
            key_id=record.key_id,
            partner=record.partner,
            preset=record.preset,
            state=KeyState(key_state(record, context.clock.now())),
            scopes=KeyScope.all_of(record, context),
            unused_scopes=record.unused_scopes,
            zones=record.zones or [],
            networks=record.cidrs or [],
            created_at=record.created_at.astimezone(zone),
            expires_at=local(record.expires_at, zone),
            revoked_at=local(record.revoked_at, zone),
            replaced_by=record.rotated_to,
            last_used_at=local(record.last_used_at, zone),
        )


def local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone)


@strawberry.type(description="What keys of one kind may do.")
class Preset:
    name: str = _of_key(description="What it is called when a key is issued.", example="cantine")
    description: str = _of_key(
        description="What it is for, in the language asked for.", example="Cantine : qui porte ce badge"
    )
    scopes: list[str] = _of_key(description="What its keys may do.", example=["badges:read"])
    offered: bool = _of_key(description="Whether `issueKey` issues it; the others come from the server itself.")

    @classmethod
    def of(cls, record: PresetRecord, context: Context) -> Self:
        told = record.fr if context.language == "fr" else record.en
        return cls(
            name=record.name, description=told, scopes=sorted(map(str, record.scopes)), offered=offered(record.name)
        )


@failure(KeyNotFound, description="No key of the school has this id.")
class KeyNotFoundFailure(Failure):
    pass


RevokeKeyResult = Annotated[
    ApiKey | KeyNotFoundFailure,
    strawberry.union("RevokeKeyResult", description="The key, which opens nothing any more, or why there is none."),
]
KeyId = Annotated[str, takes(KEY_ID, description="The key's id.", example="Ab3dEf6hIj9k")]


async def _keys(
    info: Info,
    partner: Annotated[
        str | None, takes(NAME, description="Only the keys of the partner of this name.", example="Cantine")
    ] = None,
    first: First = DEFAULT_PAGE,
    after: After = None,
) -> Connection[ApiKey]:
    context = info.context
    position = read_cursor(context, _CONNECTION, after)
    behind = None if position is None else position.id
    async with context.read() as session:
        owner = None if partner is None else (await find_partner(session, partner)).id
        page = await page_of_keys(session, first=page_size(first), after=behind, partner=owner)
    return Connection[ApiKey].of(
        context,
        _CONNECTION,
        page,
        show=lambda record: ApiKey.of(record, context),
        position=lambda record: Position(record.created_at, record.id),
    )


async def _key(info: Info, key_id: KeyId) -> ApiKey | None:
    try:
        async with info.context.read() as session:
            return ApiKey.of(await describe_key(session, key_id), info.context)
    except KeyNotFound:
        return None


async def _presets(info: Info) -> list[Preset]:
    return [Preset.of(record, info.context) for record in PRESETS.values()]


@expected(RevokeKeyResult)
async def _revoke_key(info: Info, key_id: KeyId) -> RevokeKeyResult:
    context = info.context
    async with context.write() as session:
        await revoke_key(session, key_id, context.clock)
        return ApiKey.of(await describe_key(session, key_id), context)


@strawberry.type
class KeyQuery:
    keys: Connection[ApiKey] = scoped(
        Scope.KEYS_MANAGE,
        description="The keys of the school, the newest first; revoked and expired ones too.",
        resolver=_keys,
        refuses=["PARTNER_NOT_FOUND"],
        cost=2,
    )
    key: ApiKey | None = scoped(
        Scope.KEYS_MANAGE, description="The key with this id; null where there is none.", resolver=_key
    )
    presets: list[Preset] = scoped(
        Scope.KEYS_MANAGE, description="The presets that keys are issued with.", resolver=_presets, size=20
    )


@strawberry.type
class KeyMutation:
    revoke_key: RevokeKeyResult = scoped(
        Scope.KEYS_MANAGE,
        description="Takes a key back: within a second it opens nothing anywhere. Doing it again changes nothing.",
        resolver=_revoke_key,
        cost=10,
    )
