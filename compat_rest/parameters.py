"""A request's path, query, headers and body → the variables of its operation.

Absent, null and empty are three things: what is absent stays out of the variables (the operation's default holds),
null exists in a JSON body only, and `?name=` is the empty text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_non_null_type,
    type_from_ast,
)

from compat_rest.binding import Binding, Bound, Place
from compat_rest.encoding import Undecodable, decode, pairs
from compat_rest.mistakes import BrokenDocument
from compat_rest.problems import Fault, FieldError, Problem, Reason
from compat_rest.values import BodyCheck, BodyChecks, Reader, Refused, UnknownScalar, text_reader

MAX_QUERY = 8_192
MAX_HEADER = 255


@dataclass(frozen=True, slots=True)
class Parameter:
    """One text of the request. `type` is the variable's, `many` says that each repetition is an item of its list."""

    place: Place
    name: str
    variable: str
    type: GraphQLInputType
    required: bool
    many: bool
    read: Reader


@dataclass(frozen=True, slots=True)
class Body:
    """The whole JSON body is the value of `variable`."""

    variable: str
    type: GraphQLInputType
    required: bool
    check: BodyCheck


class Parameters:
    """What one endpoint takes, ready to be read from requests."""

    def __init__(self, parameters: Sequence[Parameter], body: Body | None) -> None:
        self.all = tuple(parameters)
        self.body = body
        self._path = tuple(each for each in parameters if each.place is Place.PATH)
        self._query = {each.name: each for each in parameters if each.place is Place.QUERY}
        self._headers = tuple((each.name.lower(), each) for each in parameters if each.place is Place.HEADER)
        self._known = {"choices": ", ".join(self._query) or "–"}
        self._required = tuple(each for each in parameters if each.required and each.place is not Place.PATH)

    def read(self, segments: Sequence[bytes], query: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """The variables that path, query and headers give. Raises Problem naming every parameter at fault."""
        if len(query) > MAX_QUERY:
            raise Problem.of(Fault.URI_TOO_LONG)
        variables: dict[str, Any] = {}
        errors: list[FieldError] = []
        for parameter, segment in zip(self._path, segments, strict=True):
            self._take(parameter, segment, variables, errors)
        if query:
            self._read_query(query, variables, errors)
        for name, parameter in self._headers:
            if name in headers:
                self._take_header(parameter, headers[name], variables, errors)
        missing = [each for each in self._required if each.variable not in variables]
        if errors or missing:
            at_fault = {each.field for each in errors}
            errors += [
                FieldError(each.name, Reason.REQUIRED, each.place) for each in missing if each.name not in at_fault
            ]
            raise Problem.of(Fault.INVALID_PARAMETERS, errors=errors)
        return variables

    def read_body(self, headers: Mapping[str, str], raw: bytes) -> Any:
        """The body's JSON value, for an endpoint that has a `body`. Raises Problem."""
        assert self.body is not None
        if not raw:
            raise Problem.of(Fault.INVALID_BODY, errors=[FieldError("", Reason.REQUIRED, Place.BODY)])
        if not _is_json(headers.get("content-type", "")) or headers.get("content-encoding", "identity") != "identity":
            raise Problem.of(Fault.UNSUPPORTED_MEDIA_TYPE, headers={"Accept": "application/json"})
        errors: list[FieldError] = []
        value = _parsed(raw)
        try:
            self.body.check(value, "", errors)
        except RecursionError:
            raise Problem.of(Fault.MALFORMED_JSON) from None
        if errors:
            raise Problem.of(Fault.INVALID_BODY, errors=errors)
        return value

    def _read_query(self, query: bytes, variables: dict[str, Any], errors: list[FieldError]) -> None:
        for raw_name, raw in pairs(query):
            try:
                name = decode(raw_name)
            except Undecodable as undecodable:
                errors.append(FieldError("", undecodable.reason, Place.QUERY))
                continue
            parameter = self._query.get(name)
            if parameter is None:
                errors.append(FieldError(name[:100], Reason.UNKNOWN, Place.QUERY, self._known))
            else:
                self._take(parameter, raw, variables, errors)

    def _take(self, parameter: Parameter, raw: bytes, variables: dict[str, Any], errors: list[FieldError]) -> None:
        try:
            value = parameter.read(decode(raw))
        except Undecodable as undecodable:
            errors.append(FieldError(parameter.name, undecodable.reason, parameter.place))
        except Refused as refused:
            errors.append(FieldError(parameter.name, refused.reason, parameter.place, refused.facts))
        else:
            if parameter.many:
                variables.setdefault(parameter.variable, []).append(value)
            elif parameter.variable in variables:
                errors.append(FieldError(parameter.name, Reason.REPEATED, parameter.place))
            else:
                variables[parameter.variable] = value

    def _take_header(
        self, parameter: Parameter, text: str, variables: dict[str, Any], errors: list[FieldError]
    ) -> None:
        """Headers are not percent-encoded; only visible ASCII has one meaning in them."""
        try:
            if not text:
                raise Refused(Reason.EMPTY)
            if len(text) > MAX_HEADER:
                raise Refused(Reason.TOO_LONG, {"limit": MAX_HEADER})
            if not (text.isascii() and text.isprintable()):
                raise Refused(Reason.ENCODING)
            variables[parameter.variable] = parameter.read(text)
        except Refused as refused:
            errors.append(FieldError(parameter.name, refused.reason, parameter.place, refused.facts))


def _parsed(raw: bytes) -> Any:
    """Raises Problem, also for what some parsers let pass: NaN, lone surrogates, a name given twice."""
    try:
        value = orjson.loads(raw)
        json.loads(raw, object_pairs_hook=_refuse_twins)
    except orjson.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        french = f"Le corps n'est pas du JSON valide en UTF-8 : ligne {line}, colonne {column}."
        english = f"The body is not valid JSON in UTF-8: line {line}, column {column}."
        raise Problem.of(Fault.MALFORMED_JSON, advice={"fr": french, "en": english}) from None
    except _Twins as twins:
        french, english = f"Le corps donne « {twins} » deux fois.", f"The body gives “{twins}” twice."
        raise Problem.of(Fault.MALFORMED_JSON, advice={"fr": french, "en": english}) from None
    except (ValueError, RecursionError):
        raise Problem.of(Fault.MALFORMED_JSON) from None
    return value


class _Twins(ValueError):
    """Parsers disagree about a name given twice, so nobody may give it."""


def _refuse_twins(members: list[tuple[str, Any]]) -> None:
    """Builds nothing."""
    names = [name for name, _ in members]
    if len(set(names)) != len(names):
        raise _Twins(next(name for name in names if names.count(name) > 1)[:100])


def _is_json(content_type: str) -> bool:
    media, _, options = content_type.partition(";")
    if media.strip().lower() != "application/json":
        return False
    charset = options.strip().lower().partition("charset=")[2].strip('" ')
    return charset in ("", "utf-8")


def compile_parameters(
    schema: GraphQLSchema, binding: Binding, operation: OperationDefinitionNode
) -> tuple[Parameters, list[BrokenDocument]]:
    """The endpoint's parameters; a variable that its place cannot carry is a mistake. The operation is valid."""
    parameters: list[Parameter] = []
    mistakes: list[BrokenDocument] = []
    body = None
    definitions = {each.variable.name.value: each for each in operation.variable_definitions or ()}
    for bound in binding.bound:
        definition = definitions[bound.variable]
        type_ = cast(GraphQLInputType, type_from_ast(schema, definition.type))
        try:
            if bound.place is Place.BODY:
                body = Body(bound.variable, type_, _required(type_, definition), BodyChecks().compile(type_))
            else:
                parameters.append(_parameter(bound, type_, definition))
        except UnknownScalar as unknown:
            reason = f"${bound.variable}: the facade has no rule to read the scalar “{unknown}”"
            mistakes.append(BrokenDocument.at(definition, f"{reason}; add it to scalars.py"))
        except _Unfit as unfit:
            mistakes.append(BrokenDocument.at(definition, f"${bound.variable} {unfit}"))
    return Parameters(parameters, body), mistakes


class _Unfit(Exception):
    """The variable's type cannot travel where it is bound."""


def _parameter(bound: Bound, type_: GraphQLInputType, definition: VariableDefinitionNode) -> Parameter:
    nullable = get_nullable_type(type_)
    many = isinstance(nullable, GraphQLList)
    item: Any = get_nullable_type(nullable.of_type) if isinstance(nullable, GraphQLList) else nullable
    if isinstance(get_named_type(type_), GraphQLInputObjectType) or isinstance(item, GraphQLList):
        raise _Unfit(f"is {type_}, which only a body can carry")
    if many and bound.place is Place.HEADER:
        raise _Unfit("is a list, which a header cannot carry")
    required = _required(type_, definition)
    return Parameter(bound.place, bound.name, bound.variable, type_, required, many, text_reader(item))


def _required(type_: GraphQLInputType, definition: VariableDefinitionNode) -> bool:
    return is_non_null_type(type_) and definition.default_value is None
