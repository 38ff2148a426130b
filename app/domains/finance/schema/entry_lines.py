"""The lines of a draft, as the API takes them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import strawberry

from app.core.graph.scoped import any_scope
from app.core.money import to_minor
from app.core.scopes import Scope
from app.core.text import IDENTIFIER
from app.domains.finance.journal_records import Analytic, DraftLine
from app.domains.finance.service.checks import LABEL

_given = any_scope([Scope.FINANCE_JOURNALS_WRITE])


@strawberry.input(description="How much of a line concerns a section of an analytic plan.")
class AnalyticShareInput:
    plan: str = _given(description="The plan.", example="CAMPUS", form=IDENTIFIER)
    section: str = _given(description="The section of the plan.", example="DAKAR", form=IDENTIFIER)
    amount: str = _given(description="A decimal in the entry's currency.", example="150000")


@strawberry.input(description="A line of a draft: a debit or a credit, greater than zero.")
class EntryLineInput:
    account: str = _given(description="The general account.", example="622", form=IDENTIFIER)
    account_label: str | None = _given(
        description="The account's name; null takes it from the chart.",
        example="Locations",
        optional=True,
        form=LABEL,
    )
    debit: str = _given(description="A decimal; `0` in a credit.", example="0", optional=True, default="0")
    credit: str = _given(description="A decimal; `0` in a debit.", example="150000", optional=True, default="0")
    label: str | None = _given(
        description="What the line is about; null takes the entry's.", example="Loyer", optional=True, form=LABEL
    )
    aux_account: str | None = _given(
        description="The auxiliary account: a student's matricule.",
        personal=True,
        example="2024/INF/0123",
        optional=True,
        form=LABEL,
    )
    aux_label: str | None = _given(
        description="Its name.", personal=True, example="N'Diaye Aïssatou", optional=True, form=LABEL
    )
    due_date: date | None = _given(description="When it is due.", example="2025-01-05", optional=True)
    payment_mode: str | None = _given(description="How it was paid.", example="bank", optional=True, form=LABEL)
    analytic: list[AnalyticShareInput] = _given(
        description="How the line is spread over analytic plans.", size=1, optional=True, default_factory=list
    )


def draft_lines(asked: Mapping[str, Any]) -> list[DraftLine]:
    """Of an entry as plain values, with amounts in minor units. Raises InvalidInput naming the line."""
    return [_line(line, asked["currency"], f"lines.{place}") for place, line in enumerate(asked["lines"])]


def _line(line: Mapping[str, Any], currency: str, field: str) -> DraftLine:
    debit, credit = (to_minor(line[side], currency, f"{field}.{side}") for side in ("debit", "credit"))
    shares = (
        Analytic(share["plan"], share["section"], to_minor(share["amount"], currency, f"{field}.analytic.{nth}.amount"))
        for nth, share in enumerate(line["analytic"])
    )
    return DraftLine(**{**line, "debit": debit, "credit": credit, "analytic": tuple(shares)})
