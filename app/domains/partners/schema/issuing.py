"""Handing out keys: their text is in one answer, once."""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry import argument

from app.core.graph.context import Context, Info
from app.core.graph.failure import Failure, InvalidInputFailure, expected, failure
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.partners.errors import (
    KeyAlreadyRevoked,
    KeyAlreadyShown,
    KeyRequestInvalid,
    PresetNotOffered,
    ZonesNotOffered,
)
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.partners.schema.keys import ApiKey, KeyId, KeyNotFoundFailure
from app.domains.partners.schema.partners import NAME
from app.domains.partners.service import Peppers, ShownKey, grant_key, replace_key

_asked = any_scope([Scope.KEYS_MANAGE])


@strawberry.type(description="A key just issued.")
class IssuedKey:
    text: str = _asked(
        description="The key itself, to be handed to the partner. It is in this answer and nowhere else.",
        example="sk_live_Ab3dEf6hIj9k_…",
    )
    key: ApiKey = _asked(description="What it may do.")

    @classmethod
    def of(cls, shown: ShownKey, context: Context) -> Self:
        """Raises KeyAlreadyShown for the answer to a repeated request."""
        if shown.text is None:
            raise KeyAlreadyShown(key_id=shown.details.key_id)
        return cls(text=shown.text, key=ApiKey.of(shown.details, context))


@failure(KeyAlreadyShown, description="The request is repeated: its key was in the first answer and is kept nowhere.")
class KeyAlreadyShownFailure(Failure):
    pass


@failure(KeyAlreadyRevoked, description="The key is revoked, expired or already replaced.")
class KeyAlreadyRevokedFailure(Failure):
    pass


@failure(PresetNotOffered, description="Keys of this preset are issued on the server alone.")
class PresetNotOfferedFailure(Failure):
    pass


@failure(ZonesNotOffered, description="The key that asks is bound to zones, and these are others.")
class ZonesNotOfferedFailure(Failure):
    pass


@failure(KeyRequestInvalid, description="A key cannot be like this; `field` names the input at fault.")
class KeyRequestInvalidFailure(Failure):
    pass


IssueKeyResult = Annotated[
    IssuedKey
    | KeyAlreadyShownFailure
    | PresetNotOfferedFailure
    | ZonesNotOfferedFailure
    | KeyRequestInvalidFailure
    | InvalidInputFailure,
    strawberry.union("IssueKeyResult", description="The key, or why there is none."),
]
RotateKeyResult = Annotated[
    IssuedKey
    | KeyAlreadyShownFailure
    | KeyNotFoundFailure
    | KeyAlreadyRevokedFailure
    | PresetNotOfferedFailure
    | ZonesNotOfferedFailure
    | KeyRequestInvalidFailure,
    strawberry.union("RotateKeyResult", description="The new key, or why there is none."),
]


@strawberry.input(description="A key to issue.")
class IssueKeyInput:
    partner: str = _asked(
        description="The partner that will hold it; let in where there is none of this name.",
        example="Cantine",
        form=NAME,
    )
    preset: str = _asked(
        description="What it may do: one of `presets` that is offered.", example="cantine", form=IDENTIFIER
    )
    zones: list[str] | None = _asked(
        description="Only these zones; left out for every zone.", example=["RESTAURANT"], optional=True
    )
    networks: list[str] | None = _asked(
        description="Only from these networks; left out for anywhere.", example=["203.0.113.0/24"], optional=True
    )
    expires_at: datetime | None = _asked(
        description="When it stops opening; left out for never. Without an offset, in the school's time zone.",
        example="2027-01-13T09:00:00+00:00",
        optional=True,
    )


@strawberry.input(description="How to replace a key.")
class RotateKeyInput:
    grace_hours: int = _asked(
        description="Hours for which the old key still opens: 0, 1, 24 or 168.", example=24, optional=True, default=24
    )


@expected(IssueKeyResult)
async def _issue_key(
    info: Info,
    input: Annotated[IssueKeyInput, argument(description="The key.")],
    idempotency_key: IdempotencyKey = None,
) -> IssueKeyResult:
    context, asked = info.context, plain(input)

    async def perform(session: AsyncSession) -> ShownKey:
        return await grant_key(session, context.actor, **_means(context), **asked)

    return IssuedKey.of(await _once(context, "issueKey", idempotency_key, asked, perform), context)


@expected(RotateKeyResult)
async def _rotate_key(
    info: Info,
    key_id: KeyId,
    input: Annotated[
        RotateKeyInput | None, argument(description="How to; a day of grace where it is left out.")
    ] = None,
    idempotency_key: IdempotencyKey = None,
) -> RotateKeyResult:
    context, asked = info.context, {"key_id": key_id, **plain(input or RotateKeyInput())}

    async def perform(session: AsyncSession) -> ShownKey:
        return await replace_key(session, context.actor, **_means(context), **asked)

    return IssuedKey.of(await _once(context, "rotateKey", idempotency_key, asked, perform), context)


def _means(context: Context) -> dict[str, Any]:
    return {"peppers": context.service(Peppers), "clock": context.clock}


async def _once(context: Context, operation: str, key: str | None, asked: dict[str, Any], perform: Any) -> ShownKey:
    return await perform_once(context, operation, key, asked, perform, ShownKey, concerns=lambda _: ())


@strawberry.type
class IssuingMutation:
    issue_key: IssueKeyResult = scoped(
        Scope.KEYS_MANAGE,
        description="Issues a key. Its text is in the answer, once; a repeated request is told that it was shown.",
        resolver=_issue_key,
        cost=10,
    )
    rotate_key: RotateKeyResult = scoped(
        Scope.KEYS_MANAGE,
        description="Replaces a key by one that may do the same. The old one opens for the hours of grace.",
        resolver=_rotate_key,
        cost=10,
    )
