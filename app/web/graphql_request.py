"""The JSON object of a GraphQL request, checked key by key."""

from dataclasses import dataclass
from typing import Any

from app.web.errors import BatchRefused, MalformedRequest, PersistedQueryRefused

KEYS = frozenset({"query", "operationName", "variables", "extensions"})
PERSISTED = frozenset({"id", "documentId", "doc_id"})


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    operation_name: str | None
    variables: dict[str, Any]


def read_request(body: Any) -> GraphQLRequest:
    """Raises BatchRefused, PersistedQueryRefused or MalformedRequest. Unknown extensions are ignored."""
    if isinstance(body, list):
        raise BatchRefused
    if not isinstance(body, dict):
        raise MalformedRequest(reason_fr="un objet JSON est attendu", reason_en="a JSON object is expected")
    extensions = _typed(body, "extensions", dict) or {}
    if "persistedQuery" in extensions or not PERSISTED.isdisjoint(body):
        raise PersistedQueryRefused
    for name in body:
        if name not in KEYS:
            raise MalformedRequest(field=name, reason_fr=f"clé inconnue « {name} »", reason_en=f"unknown key “{name}”")
    query = _typed(body, "query", str)
    if not query:
        raise MalformedRequest(field="query", reason_fr="« query » est obligatoire", reason_en="“query” is required")
    return GraphQLRequest(query, _typed(body, "operationName", str), _typed(body, "variables", dict) or {})


_NAMES: dict[type, tuple[str, str]] = {str: ("un texte", "a string"), dict: ("un objet", "an object")}


def _typed(body: dict[str, Any], name: str, kind: type) -> Any:
    """The value; None where it is absent or null."""
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        french, english = _NAMES[kind]
        raise MalformedRequest(
            field=name, reason_fr=f"« {name} » doit être {french}", reason_en=f"“{name}” has to be {english}"
        )
    return value
