"""The journals of a school."""

from collections.abc import Awaitable, Callable, Mapping
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
from app.domains.finance.journal_records import JournalRecord
from app.domains.finance.schema.book_failures import JournalNotFoundFailure, JournalTakenFailure
from app.domains.finance.service import create_journal, list_journals, rename_journal
from app.domains.finance.service.checks import LABEL
from app.domains.partners.mutations import IdempotencyKey, perform_once

_of_journals = any_scope([Scope.FINANCE_BOOKS_READ, Scope.FINANCE_JOURNALS_WRITE])
_for_journals = any_scope([Scope.FINANCE_JOURNALS_WRITE])


@strawberry.type(description="A journal of the books.")
class Journal:
    id: UUID = _of_journals(description="Its identifier.", example="0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e")
    code: str = _of_journals(description="Its code, which stays.", example="VT")
    label: str = _of_journals(description="Its name.", example="Ventes")


@strawberry.input(description="A journal to make.")
class CreateJournalInput:
    code: str = _for_journals(description="Its code.", example="AC", form=IDENTIFIER)
    label: str = _for_journals(description="Its name.", example="Achats", form=LABEL)


@strawberry.input(description="A journal and its new name.")
class RenameJournalInput:
    code: str = _for_journals(description="The journal.", example="AC", form=IDENTIFIER)
    label: str = _for_journals(description="Its new name.", example="Achats et frais", form=LABEL)


CreateJournalResult = Annotated[
    Journal | JournalTakenFailure | InvalidInputFailure,
    strawberry.union("CreateJournalResult", description="The journal, or why there is none."),
]
RenameJournalResult = Annotated[
    Journal | JournalNotFoundFailure | InvalidInputFailure,
    strawberry.union("RenameJournalResult", description="The journal under its new name, or why it keeps the old one."),
]


async def _journal(
    context: Context,
    operation: str,
    key: str | None,
    asked: Mapping[str, Any],
    perform: Callable[[AsyncSession], Awaitable[JournalRecord]],
) -> Journal:
    record = await perform_once(context, operation, key, asked, perform, JournalRecord, concerns=lambda _: ())
    return Journal(id=record.id, code=record.code, label=record.label)


@expected(CreateJournalResult)
async def _create_journal(
    info: Info,
    input: Annotated[CreateJournalInput, argument(description="The journal.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateJournalResult:
    asked = plain(input)
    return await _journal(
        info.context, "createJournal", idempotency_key, asked, lambda session: create_journal(session, **asked)
    )


@expected(RenameJournalResult)
async def _rename_journal(
    info: Info,
    input: Annotated[RenameJournalInput, argument(description="The journal.")],
    idempotency_key: IdempotencyKey = None,
) -> RenameJournalResult:
    asked = plain(input)
    return await _journal(
        info.context, "renameJournal", idempotency_key, asked, lambda session: rename_journal(session, **asked)
    )


async def _journals(info: Info) -> list[Journal]:
    async with info.context.read() as session:
        return [Journal(id=each.id, code=each.code, label=each.label) for each in await list_journals(session)]


@strawberry.type
class LedgerJournalQuery:
    ledger_journals: list[Journal] = scoped(
        Scope.FINANCE_BOOKS_READ, description="The journals of the school.", resolver=_journals, cost=2, size=10
    )


@strawberry.type
class LedgerJournalMutation:
    create_journal: CreateJournalResult = scoped(
        Scope.FINANCE_JOURNALS_WRITE, description="Makes a journal.", resolver=_create_journal, cost=10
    )
    rename_journal: RenameJournalResult = scoped(
        Scope.FINANCE_JOURNALS_WRITE, description="Gives a journal another name.", resolver=_rename_journal, cost=10
    )
