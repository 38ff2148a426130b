"""Variables as the client sent them, read as their types say: the first fault is told with its path."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLInputType,
    GraphQLSchema,
    OperationDefinitionNode,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    type_from_ast,
)
from graphql.execution.values import VariableValues, get_variable_values

from app.api.errors import BadUserInput
from app.core.errors import SkoolyError

DEEPEST = 16
"""Levels of lists and objects in one variable."""
FORBIDDEN_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_EXPECTED = {
    "Int": ("un entier sur 32 bits est attendu", "a 32-bit integer is expected"),
    "Float": ("un nombre est attendu", "a number is expected"),
    "String": ("un texte est attendu", "a string is expected"),
    "ID": ("un identifiant est attendu", "an identifier is expected"),
    "Boolean": ("true ou false est attendu", "true or false is expected"),
    "Date": ("une date AAAA-MM-JJ est attendue", "a date YYYY-MM-DD is expected"),
    "DateTime": ("un instant ISO 8601 avec fuseau est attendu", "an ISO 8601 instant with offset is expected"),
    "UUID": ("un UUID est attendu", "a UUID is expected"),
}


def read_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> VariableValues:
    """The coerced variables, as graphql-core's executor takes them. Raises BadUserInput with the first fault's path."""
    definitions = operation.variable_definitions or ()
    refuse_unspeakable(given)
    unknown = set(given).difference(node.variable.name.value for node in definitions)
    if unknown:
        raise BadUserInput(
            min(unknown), reason_fr="l'opération n'a pas cette variable", reason_en="the operation has no such variable"
        )
    values = get_variable_values(schema, definitions, dict(given), max_errors=1, hide_suggestions=True)
    if isinstance(values, VariableValues):
        return values
    raise _explanation(schema, operation, given)


def refuse_unspeakable(given: Mapping[str, Any]) -> None:
    """Raises BadUserInput for control characters (but tab and line ends), lone surrogates and bottomless nesting."""
    waiting: list[tuple[str, Any, int]] = [(str(name), value, 1) for name, value in given.items()]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, str):
            if FORBIDDEN_CHARACTERS.search(value):
                raise BadUserInput(
                    path, reason_fr="caractère de contrôle interdit", reason_en="control characters are not allowed"
                )
        elif isinstance(value, dict | list):
            if depth > DEEPEST:
                raise BadUserInput(path, reason_fr="imbrication trop profonde", reason_en="nested too deeply")
            entries = value.items() if isinstance(value, dict) else enumerate(value)
            waiting.extend((f"{path}.{key}", inner, depth + 1) for key, inner in entries)


def _explanation(schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]) -> BadUserInput:
    for node in operation.variable_definitions or ():
        name = node.variable.name.value
        declared = type_from_ast(schema, node.type)
        if name in given:
            found = next(_faults(given[name], declared, name), None)  # type: ignore[arg-type]
        else:
            required = is_non_null_type(declared) and node.default_value is None
            found = _Fault(name, *_REQUIRED) if required else None
        if found:
            return BadUserInput(found.path, reason_fr=found.fr, reason_en=found.en)
    return BadUserInput("variables", reason_fr="valeur refusée", reason_en="value refused")


@dataclass(frozen=True, slots=True)
class _Fault:
    path: str
    fr: str
    en: str


_REQUIRED = ("une valeur est obligatoire", "a value is required")
_NULL = ("null n'est pas accepté", "null is not accepted")
_OBJECT = ("un objet est attendu", "an object is expected")
_UNKNOWN = ("champ inconnu", "unknown field")
_ONE_OF = ("un champ et un seul doit être donné", "exactly one field must be given")


def _faults(value: Any, declared: GraphQLInputType, path: str) -> Iterator[_Fault]:
    if is_non_null_type(declared):
        if value is None:
            yield _Fault(path, *_NULL)
            return
        declared = declared.of_type
    if value is None:
        return
    if is_list_type(declared):
        if isinstance(value, list | tuple):
            for index, item in enumerate(value):
                yield from _faults(item, declared.of_type, f"{path}.{index}")
        else:
            yield from _faults(value, declared.of_type, path)
    elif is_input_object_type(declared):
        yield from _object_faults(value, declared, path)
    else:
        yield from _leaf_faults(value, declared, path)


def _object_faults(value: Any, declared: Any, path: str) -> Iterator[_Fault]:
    if not isinstance(value, dict):
        yield _Fault(path, *_OBJECT)
        return
    for name in value:
        if name not in declared.fields:
            yield _Fault(f"{path}.{name}", *_UNKNOWN)
    for name, field in declared.fields.items():
        if name in value:
            yield from _faults(value[name], field.type, f"{path}.{name}")
        elif is_required_input_field(field):
            yield _Fault(f"{path}.{name}", *_REQUIRED)
    if declared.is_one_of and (len(value) != 1 or None in value.values()):
        yield _Fault(path, *_ONE_OF)


def _leaf_faults(value: Any, declared: Any, path: str) -> Iterator[_Fault]:
    if is_enum_type(declared):
        if not isinstance(value, str) or value not in declared.values:
            names = ", ".join(declared.values)
            yield _Fault(path, f"l'une de ces valeurs est attendue : {names}", f"one of these is expected: {names}")
        return
    try:
        declared.coerce_input_value(value)
    except Exception as error:
        yield _leaf_fault(error, declared.name, path)


def _leaf_fault(error: Exception, type_name: str, path: str) -> _Fault:
    cause = getattr(error, "original_error", None) or error.__cause__ or error
    if isinstance(cause, SkoolyError):
        return _Fault(path, cause.message("fr"), cause.message("en"))
    expected = _EXPECTED.get(type_name, (f"une valeur {type_name} est attendue", f"a {type_name} is expected"))
    return _Fault(path, *expected)
