"""Fee schedules: made once, billed to a student or to a whole class, and to nobody twice."""

import asyncio
from typing import Any

import pytest

from app.core.database import Wall
from tests.domains.finance.desk import Desk
from tests.support.factories.students import YEAR, fill_class, make_class, make_student, make_year

SCHEDULE = {
    "code": "inf-2024",
    "label": "Scolarité 2024-2025",
    "kind": "tuition",
    "currency": "XOF",
    "instalments": [{"dueOn": "2024-11-05", "amount": "60"}, {"dueOn": "2025-02-05", "amount": "40"}],
}
RETIRE = "mutation ($code: String!) { retireFeeSchedule(code: $code) { __typename ... on FeeSchedule { retiredAt } } }"


@pytest.fixture
async def school_class(desk: Desk) -> str:
    """Three students; one of them has left."""
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        made = await make_class(session, desk.actor.school_id, code="INF-1A")
        await make_year(session, desk.actor.school_id)
        students = [
            (await make_student(session, desk.actor.school_id, matricule=name, status=status, enrolled_in=None)).id
            for name, status in (("S1", "active"), ("S2", "suspended"), ("S3", "left"))
        ]
        await fill_class(session, desk.actor.school_id, made, students, YEAR)
    return made.code


async def create(desk: Desk, **changed: Any) -> dict[str, Any]:
    return await desk.do("createFeeSchedule", **{**SCHEDULE, **changed})


async def test_create_fee_schedule(desk: Desk, school_class: str) -> None:
    narrowed = {"programme": "inf", "class": school_class, "schoolYear": "2024-2025"}
    assert await create(desk, **narrowed) == {
        "__typename": "FeeSchedule",
        "code": "INF-2024",
        "label": "Scolarité 2024-2025",
        "kind": "tuition",
        "currency": "XOF",
        "total": "100",
        "programme": "INF",
        "class": "INF-1A",
        "schoolYear": "2024-2025",
        "retiredAt": None,
        "instalments": [
            {"number": 1, "dueOn": "2024-11-05", "amount": "60"},
            {"number": 2, "dueOn": "2025-02-05", "amount": "40"},
        ],
    }
    refusal = await desk.refused("createFeeSchedule", **SCHEDULE)
    assert refusal == ("FeeScheduleTaken", "code")


@pytest.mark.parametrize(
    ("changed", "failure", "field"),
    [
        ({"programme": "X"}, "ProgrammeNotFound", "programme"),
        ({"class": "X"}, "ClassNotFound", "class"),
        ({"schoolYear": "X"}, "SchoolYearNotFound", "schoolYear"),
        ({"instalments": []}, "InvalidInput", "instalments"),
        ({"instalments": [{"dueOn": "2025-02-05", "amount": "0.5"}]}, "InvalidInput", "instalments.0.amount"),
        ({"code": " "}, "InvalidInput", "code"),
    ],
)
async def test_what_makes_no_schedule(desk: Desk, changed: dict[str, Any], failure: str, field: str) -> None:
    assert await desk.refused("createFeeSchedule", **{**SCHEDULE, **changed}) == (failure, field)


async def test_a_class_is_billed_and_later_those_who_joined(desk: Desk, school_class: str) -> None:
    await create(desk)
    first = await desk.do("applyFeeSchedule", schedule="INF-2024", **{"class": school_class})
    assert (first["alreadyBilled"], first["invoices"]) == (
        0,
        [
            {"number": "FA-2025-000001", "matricule": "S1", "total": "100", "owed": "100"},
            {"number": "FA-2025-000002", "matricule": "S2", "total": "100", "owed": "100"},
        ],
    )
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        await make_student(session, desk.actor.school_id, matricule="S4", enrolled_in="INF")
    again = await desk.do("applyFeeSchedule", schedule="INF-2024", **{"class": school_class})
    assert (again["alreadyBilled"], again["invoices"]) == (2, [])
    one = await desk.do("applyFeeSchedule", schedule="inf-2024", matricule="s4")
    assert [each["number"] for each in one["invoices"]] == ["FA-2025-000003"]
    assert await desk.told() == ["fee_schedule.created", *["invoice.issued"] * 3]
    refusal = await desk.refused("applyFeeSchedule", schedule="INF-2024", matricule="S4")
    assert refusal == ("AlreadyBilled", "matricule")


async def test_a_cancelled_invoice_may_be_billed_anew(desk: Desk, school_class: str) -> None:
    await create(desk)
    await desk.do("applyFeeSchedule", schedule="INF-2024", matricule="S1")
    await desk.do("cancelInvoice", number="FA-2025-000001", reason="Erreur")
    again = await desk.do("applyFeeSchedule", schedule="INF-2024", matricule="S1")
    assert [each["number"] for each in again["invoices"]] == ["FA-2025-000002"]


async def test_applications_at_once_bill_nobody_twice(desk: Desk, school_class: str) -> None:
    await create(desk)
    days = ["2024-12-31", "2025-01-01"] * 3
    answers = await asyncio.gather(
        *(desk.do("applyFeeSchedule", schedule="INF-2024", issuedOn=day, **{"class": school_class}) for day in days)
    )
    assert sum(len(answer["invoices"]) for answer in answers) == 2
    assert await desk.fetch("SELECT count(*) FROM invoice WHERE fee_schedule_id IS NOT NULL") == 2


async def test_a_whole_class_may_pay_week_by_week(desk: Desk, school_class: str) -> None:
    """In more instalments than a list of values can hold."""
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        made = await make_class(session, desk.actor.school_id, code="INF-2A")
        students = [
            (await make_student(session, desk.actor.school_id, matricule=f"W{n}", enrolled_in=None)).id
            for n in range(110)
        ]
        await fill_class(session, desk.actor.school_id, made, students, YEAR)
    await create(desk, instalments=[{"dueOn": "2025-02-05", "amount": "1"}] * 52)
    answer = await desk.do("applyFeeSchedule", schedule="INF-2024", **{"class": made.code})
    assert [invoice["total"] for invoice in answer["invoices"]] == ["52"] * len(students)
    billed = "SELECT count(*) FROM instalment JOIN invoice i ON i.id = invoice_id WHERE fee_schedule_id IS NOT NULL"
    assert await desk.fetch(billed) == 52 * len(students)


async def test_whom_it_is_for(desk: Desk, school_class: str) -> None:
    async with desk.database.transaction(Wall.app(desk.actor.school_id)) as session:
        await make_class(session, desk.actor.school_id, programme="DROIT", code="DROIT-1A")
    await create(desk, programme="DROIT")
    assert await desk.refused("applyFeeSchedule", schedule="INF-2024", matricule="S1") == (
        "FeeScheduleMismatch",
        "matricule",
    )
    mismatch = await desk.refused("applyFeeSchedule", schedule="INF-2024", **{"class": school_class})
    assert mismatch == ("FeeScheduleMismatch", "class")
    assert await desk.refused("applyFeeSchedule", schedule="X", matricule="S1") == ("FeeScheduleNotFound", "schedule")
    assert await desk.refused("applyFeeSchedule", schedule="INF-2024") == ("InvalidInput", "matricule")


async def test_a_retired_schedule_bills_nobody(desk: Desk, school_class: str) -> None:
    await create(desk)
    retired = (await desk.asker.data(desk.actor, RETIRE, code="inf-2024"))["retireFeeSchedule"]
    assert retired["__typename"] == "FeeSchedule"
    refusal = await desk.refused("applyFeeSchedule", schedule="INF-2024", matricule="S1")
    assert refusal == ("FeeScheduleRetired", "schedule")
    listed = "query ($all: Boolean!) { feeSchedules(retired: $all) { nodes { code } } }"
    assert (await desk.asker.data(desk.actor, listed, all=False))["feeSchedules"]["nodes"] == []
    assert (await desk.asker.data(desk.actor, listed, all=True))["feeSchedules"]["nodes"] == [{"code": "INF-2024"}]
