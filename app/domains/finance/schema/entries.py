"""Writing into the books: drafts, their validation, reversals."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry import argument

from app.core.graph.context import Context, Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.journal_records import DeletedEntryRecord, LedgerEntryRecord
from app.domains.finance.schema.book_failures import (
    AccountNotFoundFailure,
    EntryAlreadyReversedFailure,
    EntryImmutableFailure,
    EntryMadeFromFactFailure,
    EntryNotFoundFailure,
    EntryNotValidatedFailure,
    EntryNumberFollowedFailure,
    JournalNotFoundFailure,
    LineNotOneSidedFailure,
    NoFiscalPeriodFailure,
    PeriodClosedFailure,
    UnbalancedEntryFailure,
)
from app.domains.finance.schema.entry_lines import EntryLineInput, draft_lines
from app.domains.finance.schema.ledger import ENTRY_ID, LedgerEntry
from app.domains.finance.service import change_entry, delete_entry, post_draft, reverse_entry, validate_draft
from app.domains.finance.service.checks import LABEL, REFERENCE
from app.domains.partners.mutations import IdempotencyKey, perform_once

_given = any_scope([Scope.FINANCE_JOURNALS_WRITE])


@strawberry.input(description="A draft to post.")
class PostEntryInput:
    journal_code: str = _given(description="The journal.", example="OD", form=IDENTIFIER)
    entry_date: date = _given(description="The day it counts for, in an open period.", example="2024-12-31")
    piece_ref: str = _given(description="The piece's reference.", example="OD-2024-017", form=REFERENCE)
    piece_date: date = _given(description="The piece's date.", example="2024-12-31")
    label: str = _given(description="What it is about.", example="Loyer de décembre", form=LABEL)
    currency: str = _given(description="ISO 4217 code.", example="XOF")
    lines: list[EntryLineInput] = _given(description="At least two, whose sides are equal.", size=4)


@strawberry.input(description="A draft, and all that it says from now on.")
class ChangeEntryInput(PostEntryInput):
    entry_id: UUID = _given(description="The draft.", example=ENTRY_ID)


@strawberry.input(description="A validated entry to take back.")
class ReverseEntryInput:
    entry_id: UUID = _given(description="The entry to reverse.", example=ENTRY_ID)
    entry_date: date = _given(description="The day the reversal counts for, in an open period.", example="2025-01-02")
    label: str | None = _given(
        description="What the reversal is about; null says which piece it takes back.",
        example="Extourne de OD-2024-017",
        optional=True,
        form=LABEL,
    )


@strawberry.type(description="A draft that is gone.")
class DeletedEntry:
    id: UUID = _given(description="Its identifier.", example=ENTRY_ID)
    journal_code: str = _given(description="The journal it was in.", example="OD")
    piece_ref: str = _given(description="The reference of its piece.", example="OD-2024-017")


PostEntryResult = Annotated[
    LedgerEntry
    | JournalNotFoundFailure
    | NoFiscalPeriodFailure
    | PeriodClosedFailure
    | AccountNotFoundFailure
    | UnbalancedEntryFailure
    | LineNotOneSidedFailure
    | InvalidInputFailure,
    strawberry.union("PostEntryResult", description="The draft, or why there is none."),
]
ChangeEntryResult = Annotated[
    LedgerEntry
    | EntryNotFoundFailure
    | EntryImmutableFailure
    | EntryNumberFollowedFailure
    | JournalNotFoundFailure
    | NoFiscalPeriodFailure
    | PeriodClosedFailure
    | AccountNotFoundFailure
    | UnbalancedEntryFailure
    | LineNotOneSidedFailure
    | InvalidInputFailure,
    strawberry.union("ChangeEntryResult", description="The draft as it is now, or why it stays as it was."),
]
DeleteEntryResult = Annotated[
    DeletedEntry | EntryNotFoundFailure | EntryImmutableFailure | EntryNumberFollowedFailure,
    strawberry.union("DeleteEntryResult", description="What is gone, or why it stays."),
]
ValidateEntryResult = Annotated[
    LedgerEntry | EntryNotFoundFailure | EntryImmutableFailure | PeriodClosedFailure,
    strawberry.union("ValidateEntryResult", description="The entry under its number, or why it stays a draft."),
]
ReverseEntryResult = Annotated[
    LedgerEntry
    | EntryNotFoundFailure
    | EntryNotValidatedFailure
    | EntryAlreadyReversedFailure
    | EntryMadeFromFactFailure
    | NoFiscalPeriodFailure
    | PeriodClosedFailure
    | InvalidInputFailure,
    strawberry.union("ReverseEntryResult", description="The reversal, or why there is none."),
]
_EntryId = Annotated[UUID, argument(description="The draft's identifier.", metadata={"example": ENTRY_ID})]


async def _write(
    context: Context,
    operation: str,
    key: str | None,
    asked: Mapping[str, Any],
    perform: Callable[[AsyncSession], Awaitable[LedgerEntryRecord]],
) -> LedgerEntry:
    record = await perform_once(
        context, operation, key, asked, perform, LedgerEntryRecord, concerns=lambda made: made.students
    )
    return LedgerEntry.of(record, context.actor.timezone)


@expected(PostEntryResult)
async def _post_entry(
    info: Info,
    input: Annotated[PostEntryInput, argument(description="The draft.")],
    idempotency_key: IdempotencyKey = None,
) -> PostEntryResult:
    asked = plain(input)
    said = {**asked, "lines": draft_lines(asked)}
    return await _write(info.context, "postEntry", idempotency_key, asked, lambda session: post_draft(session, **said))


@expected(ChangeEntryResult)
async def _change_entry(
    info: Info,
    input: Annotated[ChangeEntryInput, argument(description="The draft.")],
    idempotency_key: IdempotencyKey = None,
) -> ChangeEntryResult:
    asked = plain(input)
    said = {**asked, "lines": draft_lines(asked)}
    return await _write(
        info.context, "changeEntry", idempotency_key, asked, lambda session: change_entry(session, **said)
    )


@expected(DeleteEntryResult)
async def _delete_entry(info: Info, entry_id: _EntryId, idempotency_key: IdempotencyKey = None) -> DeleteEntryResult:
    record = await perform_once(
        info.context,
        "deleteEntry",
        idempotency_key,
        {"entry_id": entry_id},
        lambda session: delete_entry(session, entry_id),
        DeletedEntryRecord,
        concerns=lambda _: (),
    )
    return DeletedEntry(id=record.id, journal_code=record.journal_code, piece_ref=record.piece_ref)


@expected(ValidateEntryResult)
async def _validate_entry(
    info: Info, entry_id: _EntryId, idempotency_key: IdempotencyKey = None
) -> ValidateEntryResult:
    context = info.context
    return await _write(
        context,
        "validateEntry",
        idempotency_key,
        {"entry_id": entry_id},
        lambda session: validate_draft(session, entry_id, now=context.clock.now()),
    )


@expected(ReverseEntryResult)
async def _reverse_entry(
    info: Info,
    input: Annotated[ReverseEntryInput, argument(description="The entry.")],
    idempotency_key: IdempotencyKey = None,
) -> ReverseEntryResult:
    context, asked = info.context, plain(input)
    return await _write(
        context,
        "reverseEntry",
        idempotency_key,
        asked,
        lambda session: reverse_entry(session, **asked, now=context.clock.now()),
    )


@strawberry.type
class EntryMutation:
    post_entry: PostEntryResult = scoped(
        Scope.FINANCE_JOURNALS_WRITE,
        description="Posts a draft: it counts, and has a number, once it is validated.",
        resolver=_post_entry,
        cost=10,
    )
    change_entry: ChangeEntryResult = scoped(
        Scope.FINANCE_JOURNALS_WRITE,
        description="Makes a draft say something else, whole.",
        resolver=_change_entry,
        cost=10,
    )
    delete_entry: DeleteEntryResult = scoped(
        Scope.FINANCE_JOURNALS_WRITE, description="Deletes a draft.", resolver=_delete_entry, cost=10
    )
    validate_entry: ValidateEntryResult = scoped(
        Scope.FINANCE_JOURNALS_WRITE,
        description="Makes a draft final, under the next number of its journal and fiscal year.",
        resolver=_validate_entry,
        cost=10,
    )
    reverse_entry: ReverseEntryResult = scoped(
        Scope.FINANCE_JOURNALS_WRITE,
        description="Takes a validated entry back by one with the sides swapped (extourne), once.",
        resolver=_reverse_entry,
        cost=10,
    )
