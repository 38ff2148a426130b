"""The responses of one operation in OpenAPI: its answers, its failures, and the problems any request can meet."""

from collections import defaultdict
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type

from compat_rest.binding import Place
from compat_rest.endpoints import FAILURE_KEYS, Endpoint
from compat_rest.gateway import Gateway
from compat_rest.negotiation import JSON, NDJSON
from compat_rest.problems import MEDIA_TYPE, Fault, Reason, type_of
from compat_rest.scalars import Schema
from compat_rest.schemas import Components, OutputSchemas, reference, refusals_of
from compat_rest.selection import TYPENAME

Json = dict[str, Any]

_ALWAYS = frozenset({401, 403, 408, 429, 431, 500, 503, 504})
"""Statuses with which the application can refuse any request, where its table of codes has them."""
_COME_BACK = frozenset({429, 503})
_IDEMPOTENCY = "Idempotency-Key"
_OF_INPUT = frozenset({"INVALID_INPUT", "BAD_USER_INPUT"})
"""Codes by which the application refuses a value that the facade has let through."""


def problem_schemas() -> dict[str, Schema]:
    text = {"type": "string"}
    field_error: Schema = {
        "type": "object",
        "description": "One parameter or field of the body that was refused.",
        "properties": {
            "field": {**text, "description": "A parameter's name, or a path into the body: `lines.0.amount`."},
            "in": {**text, "enum": [str(place) for place in Place]},
            "code": {**text, "enum": [reason.name for reason in Reason]},
            "detail": {**text, "description": "What is expected, for a person."},
        },
        "required": ["field", "in", "code", "detail"],
    }
    problem: Schema = {
        "type": "object",
        "description": "An error (RFC 9457).",
        "properties": {
            "type": {**text, "format": "uri-reference", "description": "Stable; leads to a page about the code."},
            "title": {**text, "description": "What kind of problem it is, for a person."},
            "status": {"type": "integer"},
            "detail": {**text, "description": "What went wrong this time, for a person."},
            "code": {**text, "description": "Stable, machine-readable code."},
            "requestId": {**text, "description": "Quote it to support."},
            "field": {**text, "description": "The input at fault."},
            "errors": {"type": "array", "items": reference("FieldError")},
        },
        "required": ["type", "title", "status", "detail", "code", "requestId"],
    }
    return {"FieldError": field_error, "Problem": problem}


class Responses:
    """Every status the endpoint can answer, each with its own content."""

    def __init__(self, gateway: Gateway, endpoint: Endpoint, components: Components, prefix: str) -> None:
        self._gateway = gateway
        self._endpoint = endpoint
        self._prefix = prefix
        self._components = components
        self._outputs = OutputSchemas(endpoint.name, endpoint.selection, components)

    def all(self) -> Json:
        answers = self._answers()
        problems: dict[int, list[Schema]] = defaultdict(list)
        codes: dict[int, list[str]] = defaultdict(list)
        for status, schema in self._failures():
            problems[status].append(schema)
        own = {*answers, *problems}
        for status, code in self._generic():
            codes[status].append(code)
            if not problems[status]:
                problems[status].append(reference("Problem"))
        responses = {status: self._response(status, answers, problems, codes) for status in {*answers, *problems}}
        for status in responses.keys() - own:
            responses[status] = self._components.share(f"Problem{status}", responses[status])
        if self._endpoint.binding.method == "GET":
            responses[304] = {"description": "The answer is the one whose ETag the client has (`If-None-Match`)."}
        return {str(status): responses[status] for status in sorted(responses)}

    def _answers(self) -> dict[int, Schema]:
        """The schema of the plain answer by status."""
        root = self._endpoint.root
        if not root.members:
            type_ = root.type.of_type if isinstance(root.type, GraphQLNonNull) else root.type
            schema = self._outputs.of(GraphQLNonNull(type_), root.selected.selections)
            return {self._endpoint.binding.success: schema}
        by_status: dict[int, list[GraphQLObjectType]] = defaultdict(list)
        for type_ in self._endpoint.selection.possible(get_named_type(root.type)):
            member = root.members[type_.name]
            if not member.failure:
                by_status[member.status].append(type_)
        return {status: self._outputs.members(types, root.selected.selections) for status, types in by_status.items()}

    def _failures(self) -> Iterator[tuple[int, Schema]]:
        """Failures of the union: problems, with whatever else was selected of them."""
        root = self._endpoint.root
        for type_ in self._endpoint.selection.possible(get_named_type(root.type)):
            member = root.members.get(type_.name)
            if member is None or not member.failure:
                continue
            schema: Schema = {"$ref": "#/components/schemas/Problem", "description": type_.description or type_.name}
            whole = self._outputs.members([type_], root.selected.selections)
            own = (*FAILURE_KEYS.values(), TYPENAME)
            extra = {key: each for key, each in whole.get("properties", {}).items() if key not in own}
            yield member.status, {**schema, "properties": extra} if extra else schema

    def _generic(self) -> Iterator[tuple[int, str]]:
        """The codes that are not the operation's own, by the status they answer with."""
        refused = refusals_of(self._endpoint.root.selected.field)
        for fault in self._faults():
            yield fault.status, fault.name
        for code, status in self._gateway.statuses.items():
            if code not in Fault.__members__ and (status in _ALWAYS or self._takes(code) or code in refused):
                yield status, code

    def _takes(self, code: str) -> bool:
        """Whether the request carries what this code of the application is about."""
        parameters = self._endpoint.parameters
        if code in _OF_INPUT:
            return bool(parameters.all or parameters.body)
        idempotent = any(each.name == _IDEMPOTENCY for each in parameters.all)
        return idempotent and code.startswith("IDEMPOTENCY_")

    def _faults(self) -> Iterator[Fault]:
        parameters = self._endpoint.parameters
        places = {each.place for each in parameters.all}
        yield Fault.NOT_ACCEPTABLE
        yield Fault.INTERNAL_ERROR
        if self._endpoint.root.nullable:
            yield Fault.NOT_FOUND
        if Place.PATH in places:
            yield Fault.UNKNOWN_PATH
        yield Fault.INVALID_PARAMETERS
        yield Fault.URI_TOO_LONG
        if parameters.body is not None:
            yield from (Fault.MALFORMED_JSON, Fault.BODY_TOO_LARGE, Fault.UNSUPPORTED_MEDIA_TYPE, Fault.INVALID_BODY)

    def _response(
        self,
        status: int,
        answers: dict[int, Schema],
        problems: dict[int, list[Schema]],
        codes: dict[int, list[str]],
    ) -> Json:
        content: Json = {}
        if status in answers:
            content[JSON] = {"schema": answers[status]}
            if self._endpoint.paging.rows is not None and status == self._endpoint.binding.success:
                content[NDJSON] = {"schema": {"type": "string", "description": "One row a line, as JSON."}}
        if found := problems.get(status):
            content[MEDIA_TYPE] = {"schema": found[0] if len(found) == 1 else {"anyOf": found}}
            if examples := {code: self._example(status, code) for code in codes[status]}:
                content[MEDIA_TYPE]["examples"] = examples
        response: Json = {"description": self._description(status, codes[status])}
        if headers := self._headers(status, status in answers):
            response["headers"] = headers
        return {**response, "content": content}

    def _description(self, status: int, codes: list[str]) -> str:
        root = self._endpoint.root
        types = self._endpoint.selection.possible(get_named_type(root.type))
        named = [each for each in types if self._status_of(each) == status]
        words = [each.description or each.name for each in named]
        words += [self._title(code) for code in codes]
        return " ".join(f"{each.rstrip('.')}." for each in words) or HTTPStatus(status).phrase

    def _status_of(self, type_: GraphQLObjectType) -> int:
        member = self._endpoint.root.members.get(type_.name)
        return member.status if member else self._endpoint.binding.success

    def _title(self, code: str) -> str:
        if code in Fault.__members__:
            return Fault[code].title("en")
        return self._gateway.titles.get(code, {}).get("en", code)

    def _example(self, status: int, code: str) -> Json:
        titles = self._gateway.titles.get(code, {})
        title = detail = titles.get("fr", code)
        if code in Fault.__members__:
            title, said = Fault[code].title("fr"), Fault[code].value.detail
            detail = said.fr if said else title
        value = {"type": type_of(self._prefix, code), "title": title, "status": status, "detail": detail, "code": code}
        return {"value": {**value, "requestId": "0194600f-6f2a-7c3e-8b1d-2f4a5b6c7d8e"}}

    def _headers(self, status: int, answer: bool) -> Json:
        if status in _COME_BACK:
            seconds = {"description": "Seconds until trying again is right.", "schema": {"type": "integer"}}
            return {"Retry-After": seconds}
        if not answer:
            return {}
        names = dict(self._endpoint.lifecycle.headers)
        texts = {name: f"`{value}`" for name, value in names.items()}
        if self._endpoint.binding.method == "GET" and status == 200:
            texts["ETag"] = "Strong; send it as `If-None-Match`."
        if self._endpoint.paging.linked:
            texts["Link"] = 'The next page, as `<…>; rel="next"`.'
        return {name: {"description": text, "schema": {"type": "string"}} for name, text in texts.items()}
