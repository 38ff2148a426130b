"""Making, applying and retiring fee schedules over the API."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import argument

from app.core.clock import today
from app.core.graph.context import Info
from app.core.graph.failure import InvalidInputFailure, expected
from app.core.graph.inputs import plain
from app.core.graph.scoped import any_scope, scoped, takes
from app.core.money import to_minor
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.records import Due
from app.domains.finance.schema.failures import (
    AlreadyBilledFailure,
    FeeScheduleMismatchFailure,
    FeeScheduleNotFoundFailure,
    FeeScheduleRetiredFailure,
    FeeScheduleTakenFailure,
)
from app.domains.finance.schema.fees import FeeSchedule
from app.domains.finance.schema.invoices import Invoice
from app.domains.finance.schema.words import InvoiceKind
from app.domains.finance.service.billing import Billing, apply_fee_schedule
from app.domains.finance.service.checks import LABEL
from app.domains.finance.service.fees import FeeScheduleRecord, create_fee_schedule, retire_fee_schedule
from app.domains.partners.mutations import IdempotencyKey, perform_once
from app.domains.students.schema.failures import (
    ClassNotFoundFailure,
    ClassTooLargeFailure,
    ProgrammeNotFoundFailure,
    SchoolYearNotFoundFailure,
    StudentNotFoundFailure,
)

_to_write = any_scope([Scope.FEES_WRITE])


@strawberry.input(description="An instalment of the invoices to be.")
class FeeInstalmentInput:
    due_on: date = _to_write(description="The last day to pay, in the school's time zone.", example="2025-01-05")
    amount: str = _to_write(description="How much: a decimal like `150000` or `10.50`.", example="150000")


@strawberry.input(description="A fee schedule to make. The codes that are given narrow whom it is for.")
class CreateFeeScheduleInput:
    code: str = _to_write(description="Its code, in any case.", example="INF-2024", form=IDENTIFIER)
    label: str = _to_write(
        description="What its invoices say.", example="Scolarité 2024-2025, Informatique", form=LABEL
    )
    kind: InvoiceKind = _to_write(description="What is billed.", example="tuition")
    currency: str = _to_write(description="ISO 4217 code.", example="XOF")
    instalments: list[FeeInstalmentInput] = _to_write(description="What its invoices fall into, in this order.")
    programme: str | None = _to_write(description="Code of a programme.", example="INF", optional=True, form=IDENTIFIER)
    school_class: str | None = _to_write(
        name="class", description="Code of a class.", example="INF-1A", optional=True, form=IDENTIFIER
    )
    school_year: str | None = _to_write(
        description="Code of a school year.", example="2024-2025", optional=True, form=IDENTIFIER
    )


@strawberry.input(description="Whom to bill a fee schedule: a student or a class, one of the two.")
class ApplyFeeScheduleInput:
    schedule: str = _to_write(description="The schedule's code.", example="INF-2024", form=IDENTIFIER)
    matricule: str | None = _to_write(
        description="A student's number, in any case.",
        personal=True,
        example="2024/INF/0123",
        optional=True,
        form=IDENTIFIER,
    )
    school_class: str | None = _to_write(
        name="class",
        description="Code of a class: whoever of it has not been billed the schedule is billed it.",
        example="INF-1A",
        optional=True,
        form=IDENTIFIER,
    )
    issued_on: date | None = _to_write(
        description="Date of the invoices. Null is today in the school's time zone.",
        example="2024-10-01",
        optional=True,
    )


@strawberry.type(description="The invoices of one application of a fee schedule.")
class FeeBilling:
    schedule: FeeSchedule = _to_write(description="The schedule.")
    invoices: list[Invoice] = _to_write(description="The invoices, in the order of their numbers.", size=30)
    already_billed: int = _to_write(description="How many of those asked had been billed it before.", example=2)


CreateFeeScheduleResult = Annotated[
    FeeSchedule
    | FeeScheduleTakenFailure
    | ProgrammeNotFoundFailure
    | ClassNotFoundFailure
    | SchoolYearNotFoundFailure
    | InvalidInputFailure,
    strawberry.union("CreateFeeScheduleResult", description="The fee schedule, or why there is none."),
]
ApplyFeeScheduleResult = Annotated[
    FeeBilling
    | FeeScheduleNotFoundFailure
    | FeeScheduleRetiredFailure
    | FeeScheduleMismatchFailure
    | AlreadyBilledFailure
    | StudentNotFoundFailure
    | ClassNotFoundFailure
    | ClassTooLargeFailure
    | InvalidInputFailure,
    strawberry.union("ApplyFeeScheduleResult", description="The invoices, or why there are none."),
]
RetireFeeScheduleResult = Annotated[
    FeeSchedule | FeeScheduleNotFoundFailure | FeeScheduleRetiredFailure | InvalidInputFailure,
    strawberry.union("RetireFeeScheduleResult", description="The retired schedule, or why it is not retired."),
]


@expected(CreateFeeScheduleResult)
async def _create_fee_schedule(
    info: Info,
    input: Annotated[CreateFeeScheduleInput, argument(description="The fee schedule.")],
    idempotency_key: IdempotencyKey = None,
) -> CreateFeeScheduleResult:
    context = info.context
    asked = plain(input)
    dues = [
        Due(each.due_on, to_minor(each.amount, input.currency, f"instalments.{nth}.amount"))
        for nth, each in enumerate(input.instalments)
    ]
    record = await perform_once(
        context,
        "createFeeSchedule",
        idempotency_key,
        asked,
        lambda session: create_fee_schedule(session, **{**asked, "instalments": dues}),
        FeeScheduleRecord,
        concerns=lambda made: (),
    )
    return FeeSchedule.of(record, context.actor.timezone)


@expected(ApplyFeeScheduleResult)
async def _apply_fee_schedule(
    info: Info,
    input: Annotated[ApplyFeeScheduleInput, argument(description="Whom to bill what.")],
    idempotency_key: IdempotencyKey = None,
) -> ApplyFeeScheduleResult:
    context = info.context
    asked, now = plain(input), today(context.clock, context.actor.timezone)
    record = await perform_once(
        context,
        "applyFeeSchedule",
        idempotency_key,
        asked,
        lambda session: apply_fee_schedule(session, **{**asked, "issued_on": input.issued_on or now}, today=now),
        Billing,
        concerns=lambda made: [invoice.student_id for invoice in made.invoices],
    )
    return FeeBilling(
        schedule=FeeSchedule.of(record.schedule, context.actor.timezone),
        invoices=[Invoice.of(invoice, context) for invoice in record.invoices],
        already_billed=record.already_billed,
    )


@expected(RetireFeeScheduleResult)
async def _retire_fee_schedule(
    info: Info, code: Annotated[str, takes(IDENTIFIER, description="Its code, in any case.", example="INF-2024")]
) -> RetireFeeScheduleResult:
    async with info.context.write() as session:
        record = await retire_fee_schedule(session, code=code)
    return FeeSchedule.of(record, info.context.actor.timezone)


@strawberry.type
class FeeMutation:
    create_fee_schedule: CreateFeeScheduleResult = scoped(
        Scope.FEES_WRITE, description="Makes a template of invoices.", resolver=_create_fee_schedule, cost=10
    )
    apply_fee_schedule: ApplyFeeScheduleResult = scoped(
        Scope.FEES_WRITE,
        description="Bills a fee schedule to a student or a whole class. Nobody is billed it twice.",
        resolver=_apply_fee_schedule,
        cost=50,
    )
    retire_fee_schedule: RetireFeeScheduleResult = scoped(
        Scope.FEES_WRITE,
        description="Retires a fee schedule, which bills nobody any more. Its invoices stay.",
        resolver=_retire_fee_schedule,
        cost=10,
    )
