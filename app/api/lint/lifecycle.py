"""The rule about deprecations: each says since when, until when, and what to use instead (docs/deprecation.md)."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from graphql import GraphQLSchema, is_required_argument, is_required_input_field

from app.api.lint.coordinates import Coordinate, Kind, coordinates

REASON = re.compile(r"since (\d{4}-\d{2}-\d{2}), until (\d{4}-\d{2}-\d{2}): (\S.*\.)", re.DOTALL)
SHORTEST = timedelta(days=180)
"""From the announcement to the removal."""


def deprecations(schema: GraphQLSchema) -> Iterator[str]:
    """`since 2026-09-01, until 2027-06-30: use … instead.`, half a year apart at least."""
    for each in coordinates(schema, Kind.FIELD, Kind.ARGUMENT, Kind.INPUT_FIELD, Kind.ENUM_VALUE):
        reason = each.element.deprecation_reason
        if reason is not None:
            yield from (f"{each.where}: {fault}" for fault in _faults(each, reason))


def _faults(each: Coordinate, reason: str) -> Iterator[str]:
    if _is_required(each):
        yield "is required, and who must give it cannot do without: make it optional before deprecating it"
    dates = dates_of(reason)
    if dates is None:
        yield f"say “since YYYY-MM-DD, until YYYY-MM-DD: use … instead.” in its deprecation reason, not “{reason}”"
    elif dates[1] - dates[0] < SHORTEST:
        yield f"give those who use it {SHORTEST.days} days: from {dates[0]} to {dates[1]} is less"


def dates_of(reason: str) -> tuple[date, date] | None:
    """The day of the announcement and the last day; None for a reason that does not tell them as the rule wants it."""
    match = REASON.fullmatch(reason)
    try:
        return (date.fromisoformat(match[1]), date.fromisoformat(match[2])) if match else None
    except ValueError:
        return None


def _is_required(each: Coordinate) -> bool:
    if each.kind is Kind.ARGUMENT:
        return is_required_argument(each.element)
    return each.kind is Kind.INPUT_FIELD and is_required_input_field(each.element)
