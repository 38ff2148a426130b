"""The partners of a school, as its console manages them."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry import argument

from app.core.graph.connection import After, Connection, First, read_cursor
from app.core.graph.context import Info
from app.core.graph.failure import Failure, InvalidInputFailure, expected, failure
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.pagination import DEFAULT_PAGE, Position, page_size
from app.core.scopes import Scope
from app.core.text import Form
from app.domains.partners.errors import PartnerNameTaken, PartnerNotFound
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.partners.service import PartnerRecord, create_partner, page_of_partners, rename_partner
from app.domains.partners.service.texts import LONGEST_NAME

_CONNECTION = "partners"
NAME = Form(LONGEST_NAME)
_of_partner = any_scope([Scope.PARTNERS_MANAGE, Scope.KEYS_MANAGE])
_asked = any_scope([Scope.PARTNERS_MANAGE])


@strawberry.type(description="An integration that the school lets in; it holds keys.")
class Partner:
    name: str = _of_partner(description="Its name, unique in the school.", example="Cantine")
    key_count: int = _of_partner(description="How many keys it has that were not revoked.", example=1)
    created_at: datetime = _of_partner(description="When it was let in.", example="2025-01-13T09:00:00+00:00")

    @classmethod
    def of(cls, record: PartnerRecord) -> Self:
        return cls(name=record.name, key_count=record.keys, created_at=record.created_at)


@failure(PartnerNotFound, description="No partner of the school has this name.")
class PartnerNotFoundFailure(Failure):
    pass


@failure(PartnerNameTaken, description="Another partner of the school has this name.")
class PartnerNameTakenFailure(Failure):
    pass


CreatePartnerResult = Annotated[
    Partner | PartnerNameTakenFailure | InvalidInputFailure,
    strawberry.union("CreatePartnerResult", description="The partner, or why there is none."),
]
RenamePartnerResult = Annotated[
    Partner | PartnerNotFoundFailure | PartnerNameTakenFailure | InvalidInputFailure,
    strawberry.union("RenamePartnerResult", description="The partner as it is called now, or why it is not."),
]


@strawberry.input(description="A partner to let in.")
class CreatePartnerInput:
    name: str = _asked(description="Its name, unique in the school.", example="Cantine", form=NAME)


@strawberry.input(description="A partner's new name.")
class RenamePartnerInput:
    name: str = _asked(description="Its name, unique in the school.", example="Cantine", form=NAME)


async def _partners(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> Connection[Partner]:
    context = info.context
    position = read_cursor(context, _CONNECTION, after)
    behind = None if position is None else str(position.key)
    async with context.read() as session:
        page = await page_of_partners(session, first=page_size(first), after=behind)
    return Connection[Partner].of(
        context, _CONNECTION, page, show=Partner.of, position=lambda record: Position(record.name, record.id)
    )


@expected(CreatePartnerResult)
async def _create_partner(
    info: Info,
    input: Annotated[CreatePartnerInput, argument(description="The partner.")],
    idempotency_key: IdempotencyKey = None,
) -> CreatePartnerResult:
    asked = plain(input)
    record = await perform_once(
        info.context,
        "createPartner",
        idempotency_key,
        asked,
        lambda session: create_partner(session, **asked),
        PartnerRecord,
        concerns=lambda _: (),
    )
    return Partner.of(record)


@expected(RenamePartnerResult)
async def _rename_partner(
    info: Info,
    partner: Annotated[str, takes(NAME, description="What the partner is called now.", example="Cantine")],
    input: Annotated[RenamePartnerInput, argument(description="Its new name.")],
) -> RenamePartnerResult:
    async with info.context.write() as session:
        return Partner.of(await rename_partner(session, partner, **plain(input)))


@strawberry.type
class PartnerQuery:
    partners: Connection[Partner] = scoped(
        Scope.PARTNERS_MANAGE,
        Scope.KEYS_MANAGE,
        description="The partners of the school, by name.",
        resolver=_partners,
        cost=2,
    )


@strawberry.type
class PartnerMutation:
    create_partner: CreatePartnerResult = scoped(
        Scope.PARTNERS_MANAGE, description="Lets a partner in, without a key yet.", resolver=_create_partner, cost=10
    )
    rename_partner: RenamePartnerResult = scoped(
        Scope.PARTNERS_MANAGE, description="Gives a partner another name.", resolver=_rename_partner, cost=10
    )
