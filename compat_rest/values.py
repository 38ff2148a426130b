"""Values against the schema's input types: texts of a URL or header, and JSON of a body.

Both are compiled once per variable into plain functions. What they let through is the JSON value GraphQL takes, not
yet coerced.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    is_required_input_field,
)

from compat_rest.encoding import forbidden_in_body
from compat_rest.problems import FieldError, Reason
from compat_rest.scalars import INT_HIGH, INT_LOW, SCALARS

Reader = Callable[[str], Any]
"""Text → JSON value. Raises Refused."""
BodyCheck = Callable[[Any, str, list[FieldError]], None]
"""(value, path, errors): adds what is wrong to `errors`."""

MAX_ERRORS = 50
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")


class Refused(Exception):
    def __init__(self, reason: Reason, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(reason.name)
        self.reason = reason
        self.facts = facts


class UnknownScalar(Exception):
    """The facade has no rule for this scalar as an input."""


def text_reader(type_: GraphQLInputType) -> Reader:
    """How one text becomes a value of a scalar or enum. Raises UnknownScalar."""
    if isinstance(type_, GraphQLEnumType):
        return _enum_reader(type_)
    assert isinstance(type_, GraphQLScalarType)
    check = _scalar_check(type_)
    convert = _CONVERSIONS.get(type_.name)
    if type_.name in ("String", "ID"):
        return str
    if convert is None:
        return _checked(check, str)
    return _checked(check, convert)


def _checked(check: Callable[[Any], Reason | None], convert: Reader) -> Reader:
    def read(text: str) -> Any:
        if not text:
            raise Refused(Reason.EMPTY)
        value = convert(text)
        if reason := check(value):
            raise Refused(reason, _RANGE)
        return value

    return read


def _enum_reader(type_: GraphQLEnumType) -> Reader:
    names = frozenset(type_.values)
    facts = {"choices": ", ".join(type_.values)}

    def read(text: str) -> str:
        if text not in names:
            raise Refused(Reason.NOT_A_CHOICE, facts)
        return text

    return read


def _read_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Refused(Reason.NOT_INTEGER)
    return int(text)


def _read_number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise Refused(Reason.NOT_NUMBER)
    return float(text)


def _read_boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise Refused(Reason.NOT_BOOLEAN)
    return text == "true"


_RANGE = {"low": INT_LOW, "high": INT_HIGH}
_CONVERSIONS: Mapping[str, Reader] = {"Int": _read_integer, "Float": _read_number, "Boolean": _read_boolean}


def _scalar_check(type_: GraphQLScalarType) -> Callable[[Any], Reason | None]:
    scalar = SCALARS.get(type_.name)
    if scalar is None or scalar.check is None:
        raise UnknownScalar(type_.name)
    return scalar.check


class BodyChecks:
    """Compiles the checks of input types; a type that contains itself is compiled once."""

    def __init__(self) -> None:
        self._objects: dict[str, BodyCheck] = {}

    def compile(self, type_: GraphQLInputType) -> BodyCheck:
        """Raises UnknownScalar."""
        if isinstance(type_, GraphQLNonNull):
            return self._inner(type_.of_type)
        return _nullable(self._inner(type_))

    def _inner(self, type_: GraphQLInputType) -> BodyCheck:
        if isinstance(type_, GraphQLList):
            return _list_check(self.compile(type_.of_type))
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_)
        if isinstance(type_, GraphQLEnumType):
            return _enum_check(type_)
        assert isinstance(type_, GraphQLScalarType)
        return _leaf_check(_scalar_check(type_))

    def _object(self, type_: GraphQLInputObjectType) -> BodyCheck:
        if type_.name in self._objects:
            return self._objects[type_.name]
        fields: dict[str, BodyCheck] = {}
        required = [name for name, field in type_.fields.items() if is_required_input_field(field)]
        check = _object_check(fields, required, one_of=bool(type_.is_one_of))
        self._objects[type_.name] = check
        fields.update({name: self.compile(field.type) for name, field in type_.fields.items()})
        return check


def _nullable(check: BodyCheck) -> BodyCheck:
    def nullable(value: Any, path: str, errors: list[FieldError]) -> None:
        if value is not None:
            check(value, path, errors)

    return nullable


def _tell(errors: list[FieldError], path: str, reason: Reason, facts: Mapping[str, object] | None = None) -> None:
    if len(errors) < MAX_ERRORS:
        errors.append(FieldError(path, reason, "body", facts))


def _list_check(item: BodyCheck) -> BodyCheck:
    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        if not isinstance(value, list):
            _tell(errors, path, Reason.NULL if value is None else Reason.NOT_A_LIST)
            return
        for index, each in enumerate(value):
            item(each, _below(path, index), errors)

    return check


def _object_check(fields: Mapping[str, BodyCheck], required: list[str], *, one_of: bool) -> BodyCheck:
    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        if not isinstance(value, dict):
            _tell(errors, path, Reason.NULL if value is None else Reason.NOT_AN_OBJECT)
            return
        for name in required:
            if name not in value:
                _tell(errors, _below(path, name), Reason.REQUIRED)
        for name, each in value.items():
            field = fields.get(name)
            if field is None:
                _tell(errors, _below(path, name[:100]), Reason.UNKNOWN, {"choices": ", ".join(fields)})
            else:
                field(each, _below(path, name), errors)
        if one_of and (len(value) != 1 or None in value.values()):
            _tell(errors, path, Reason.ONE_OF, {"choices": ", ".join(fields)})

    return check


def _enum_check(type_: GraphQLEnumType) -> BodyCheck:
    names = frozenset(type_.values)
    facts = {"choices": ", ".join(type_.values)}

    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        if value is None:
            _tell(errors, path, Reason.NULL)
        elif not isinstance(value, str) or value not in names:
            _tell(errors, path, Reason.NOT_A_CHOICE, facts)

    return check


def _leaf_check(scalar: Callable[[Any], Reason | None]) -> BodyCheck:
    def check(value: Any, path: str, errors: list[FieldError]) -> None:
        if value is None:
            _tell(errors, path, Reason.NULL)
        elif reason := scalar(value):
            _tell(errors, path, reason, _RANGE)
        elif isinstance(value, str) and forbidden_in_body(value):
            _tell(errors, path, Reason.CONTROL_CHARACTER)

    return check


def _below(path: str, step: str | int) -> str:
    return f"{path}.{step}" if path else str(step)
