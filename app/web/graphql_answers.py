"""What GraphQL answers, on whatever channel: a result, or the errors of a request of which nothing was run."""

from typing import Any
from uuid import UUID

from app.api.cost import MAX_COST, MAX_NODES
from app.api.errors import DocumentInvalid
from app.api.executor import FieldError, Outcome
from app.core.errors import Language, SkoolyError


def result_of(outcome: Outcome, request_id: UUID) -> dict[str, Any]:
    result: dict[str, Any] = {"data": outcome.data}
    if outcome.errors:
        result["errors"] = [_field_error(error, request_id) for error in outcome.errors]
    result["extensions"] = {
        "cost": {
            "requested": outcome.cost.cost,
            "maximum": MAX_COST,
            "nodes": outcome.cost.nodes,
            "maximumNodes": MAX_NODES,
        },
        "requestId": str(request_id),
    }
    return result


def request_errors(failure: SkoolyError, language: Language, request_id: UUID) -> list[dict[str, Any]]:
    extensions = _extensions(failure.code, failure.field, request_id)
    if isinstance(failure, DocumentInvalid):
        return [
            {
                "message": flaw.message,
                "locations": [{"line": flaw.line, "column": flaw.column}],
                "extensions": extensions,
            }
            for flaw in failure.flaws
        ]
    return [{"message": failure.message(language), "extensions": extensions}]


def _field_error(error: FieldError, request_id: UUID) -> dict[str, Any]:
    return {
        "message": error.message,
        "path": list(error.path),
        "extensions": _extensions(error.code, error.field, request_id),
    }


def _extensions(code: str, field: str | None, request_id: UUID) -> dict[str, Any]:
    extensions = {"code": code, "requestId": str(request_id)}
    if field is not None:
        extensions["field"] = field
    return extensions
