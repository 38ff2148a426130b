"""Making, renaming and closing programmes and classes."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET, argument

from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students import commands
from app.domains.students.commands.checks import LABEL
from app.domains.students.records import ClassRecord, ProgrammeRecord
from app.domains.students.schema.failures import (
    ClassNotFoundFailure,
    CodeTakenFailure,
    ProgrammeNotFoundFailure,
)
from app.domains.students.schema.studies import Programme, SchoolClass

_writes = any_scope([Scope.PROGRAMMES_WRITE])

CreateProgrammeResult = Annotated[
    Programme | CodeTakenFailure | InvalidInputFailure,
    strawberry.union("CreateProgrammeResult", description="The new programme, or why there is none."),
]
UpdateProgrammeResult = Annotated[
    Programme | ProgrammeNotFoundFailure | InvalidInputFailure,
    strawberry.union("UpdateProgrammeResult", description="The programme as changed, or why not."),
]
CloseProgrammeResult = Annotated[
    Programme | ProgrammeNotFoundFailure | InvalidInputFailure,
    strawberry.union("CloseProgrammeResult", description="The closed programme, or why not."),
]
CreateClassResult = Annotated[
    SchoolClass | ProgrammeNotFoundFailure | CodeTakenFailure | InvalidInputFailure,
    strawberry.union("CreateClassResult", description="The new class, or why there is none."),
]
UpdateClassResult = Annotated[
    SchoolClass | ClassNotFoundFailure | InvalidInputFailure,
    strawberry.union("UpdateClassResult", description="The class as changed, or why not."),
]
CloseClassResult = Annotated[
    SchoolClass | ClassNotFoundFailure | InvalidInputFailure,
    strawberry.union("CloseClassResult", description="The closed class, or why not."),
]


def _code(description: str, example: str) -> str:
    code: str = _writes(description=description, example=example, form=IDENTIFIER)
    return code


def _label(example: str) -> str:
    label: str = _writes(description="Its name.", example=example, form=LABEL)
    return label


def _new_label(example: str) -> str | None:
    label: str | None = _writes(
        description="Another name; null is refused.", example=example, optional=True, default=UNSET, form=LABEL
    )
    return label


def _closed() -> bool | None:
    closed: bool | None = _writes(
        description="Whether it takes no more students; false opens it again.", optional=True, default=UNSET
    )
    return closed


@strawberry.input(description="A programme to create.")
class CreateProgrammeInput:
    code: str = _code("Its code, unique in any case.", "INF")
    label: str = _label("Informatique")


@strawberry.input(description="What to change about a programme; what is not given stays as it is.")
class UpdateProgrammeInput:
    code: str = _code("Its code, in any case.", "INF")
    label: str | None = _new_label("Informatique")
    closed: bool | None = _closed()


@strawberry.input(description="A programme that takes no more students.")
class CloseProgrammeInput:
    code: str = _code("Its code, in any case.", "INF")


@strawberry.input(description="A class to create.")
class CreateClassInput:
    code: str = _code("Its code, unique in any case.", "INF-L2-DK")
    label: str = _label("Informatique, licence 2, campus de Dakar")
    programme: str = _code("Code of its programme.", "INF")


@strawberry.input(description="What to change about a class; what is not given stays as it is.")
class UpdateClassInput:
    code: str = _code("Its code, in any case.", "INF-L2-DK")
    label: str | None = _new_label("Informatique, licence 2, campus de Dakar")
    closed: bool | None = _closed()


@strawberry.input(description="A class that takes no more students.")
class CloseClassInput:
    code: str = _code("Its code, in any case.", "INF-L2-DK")


async def _programme(info: Info, operation: str, key: str | None, asked: dict[str, Any], change: Any) -> Programme:
    made = await perform_once(
        info.context,
        operation,
        key,
        asked,
        lambda session: change(session, info.context.actor, **asked),
        ProgrammeRecord,
        concerns=lambda _: [],
    )
    return Programme.of(made)


async def _class(info: Info, operation: str, key: str | None, asked: dict[str, Any], change: Any) -> SchoolClass:
    made = await perform_once(
        info.context,
        operation,
        key,
        asked,
        lambda session: change(session, info.context.actor, **asked),
        ClassRecord,
        concerns=lambda _: [],
    )
    return SchoolClass.of(made)


@expected(CreateProgrammeResult)
async def _create_programme(
    info: Info,
    input: Annotated[CreateProgrammeInput, argument(description="The programme.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateProgrammeResult:
    return await _programme(info, "createProgramme", idempotency_key, plain(input), commands.create_programme)


@expected(UpdateProgrammeResult)
async def _update_programme(
    info: Info,
    input: Annotated[UpdateProgrammeInput, argument(description="Which programme, and what changes.")],
    idempotency_key: IdempotencyKey = None,
) -> UpdateProgrammeResult:
    return await _programme(info, "updateProgramme", idempotency_key, plain(input), commands.update_programme)


@expected(CloseProgrammeResult)
async def _close_programme(
    info: Info,
    input: Annotated[CloseProgrammeInput, argument(description="Which programme.")],
    idempotency_key: IdempotencyKey = None,
) -> CloseProgrammeResult:
    return await _programme(info, "closeProgramme", idempotency_key, plain(input), commands.close_programme)


@expected(CreateClassResult)
async def _create_class(
    info: Info,
    input: Annotated[CreateClassInput, argument(description="The class.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateClassResult:
    return await _class(info, "createClass", idempotency_key, plain(input), commands.create_class)


@expected(UpdateClassResult)
async def _update_class(
    info: Info,
    input: Annotated[UpdateClassInput, argument(description="Which class, and what changes.")],
    idempotency_key: IdempotencyKey = None,
) -> UpdateClassResult:
    return await _class(info, "updateClass", idempotency_key, plain(input), commands.update_class)


@expected(CloseClassResult)
async def _close_class(
    info: Info,
    input: Annotated[CloseClassInput, argument(description="Which class.")],
    idempotency_key: IdempotencyKey = None,
) -> CloseClassResult:
    return await _class(info, "closeClass", idempotency_key, plain(input), commands.close_class)


@strawberry.type
class ProgrammeMutation:
    create_programme: CreateProgrammeResult = scoped(
        Scope.PROGRAMMES_WRITE, description="Makes a programme.", resolver=_create_programme, cost=10
    )
    update_programme: UpdateProgrammeResult = scoped(
        Scope.PROGRAMMES_WRITE,
        description="Renames a programme, closes it or opens it again.",
        resolver=_update_programme,
        cost=10,
    )
    close_programme: CloseProgrammeResult = scoped(
        Scope.PROGRAMMES_WRITE,
        description="Closes a programme: it takes no more students, and who studies it goes on.",
        resolver=_close_programme,
        cost=10,
    )
    create_class: CreateClassResult = scoped(
        Scope.PROGRAMMES_WRITE, description="Makes a class of a programme.", resolver=_create_class, cost=10
    )
    update_class: UpdateClassResult = scoped(
        Scope.PROGRAMMES_WRITE,
        description="Renames a class, closes it or opens it again.",
        resolver=_update_class,
        cost=10,
    )
    close_class: CloseClassResult = scoped(
        Scope.PROGRAMMES_WRITE,
        description="Closes a class: it takes no more students, and who is in it stays.",
        resolver=_close_class,
        cost=10,
    )
