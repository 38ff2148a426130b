"""OpenAPI 3.1 of the endpoints: paths, parameters, bodies and every status each one can answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from graphql import (
    GraphQLArgument,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    value_from_ast_untyped,
    visit,
)

from compat_rest.binding import Place
from compat_rest.encoding import BODY_PATTERN, TEXT_PATTERN
from compat_rest.endpoints import Endpoint, load_endpoints
from compat_rest.gateway import Gateway
from compat_rest.parameters import MAX_HEADER, Parameter
from compat_rest.responses import Responses, problem_schemas
from compat_rest.schemas import Components, InputSchemas, described, example_of, keywords_of

Json = dict[str, Any]
Beside = Mapping[str, Mapping[str, Json]]
"""Operations that the host serves itself under the same prefix: by path and method, as OpenAPI writes them."""

TITLE = "Skooly"
VERSION = "1.0.0"
DESCRIPTION = (
    "The REST contract of the Skooly integration platform. Every endpoint is generated from a GraphQL operation.\n\n"
    "Errors are `application/problem+json` (RFC 9457): `type` and `code` are stable, `detail` is for a person, in "
    "French unless `Accept-Language` prefers English. Every answer carries `X-Request-Id`."
)
_VISIBLE = "^[!-~]([ -~]*[!-~])?$"
"""What a header can carry: the spaces around it are not part of it."""
SECURITY_SCHEMES: Json = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-KEY", "description": "`sk_live_…`"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same key as `Authorization: Bearer sk_live_…`"},
}


def document(
    gateway: Gateway, endpoints: Sequence[Endpoint], prefix: str = "/v1", beside: Beside | None = None
) -> bytes:
    """The document as it is served and committed: the same endpoints give the same bytes."""
    components = Components(problem_schemas())
    paths: dict[str, Json] = {path: dict(methods) for path, methods in (beside or {}).items()}
    for endpoint in sorted(endpoints, key=lambda each: (each.binding.path, each.binding.method)):
        writer = _Writer(gateway, endpoint, components, prefix)
        paths.setdefault(endpoint.binding.path, {})[endpoint.binding.method.lower()] = writer.operation()
    content = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": prefix}],
        "tags": [{"name": name} for name in sorted({tag for each in paths.values() for tag in _tags(each)})],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.schemas.items())),
            "responses": dict(sorted(components.responses.items())),
            "securitySchemes": SECURITY_SCHEMES,
        },
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def export(
    gateway: Gateway, operations: Path, fragments: Path, prefix: str = "/v1", beside: Beside | None = None
) -> bytes:
    """The document of the operations in a folder. Raises BrokenDocuments."""
    return document(gateway, load_endpoints(gateway, operations, fragments), prefix, beside)


def _tags(methods: Mapping[str, Json]) -> list[str]:
    return [tag for operation in methods.values() for tag in operation["tags"]]


def _tag(endpoint: Endpoint) -> str:
    """The slice: the folder the document lies in."""
    return endpoint.binding.tag or Path(endpoint.operation.file).parent.name


class _Writer:
    """One operation object."""

    def __init__(self, gateway: Gateway, endpoint: Endpoint, components: Components, prefix: str) -> None:
        self._endpoint = endpoint
        self._inputs = InputSchemas(components)
        self._arguments = _arguments(endpoint)
        self._responses = Responses(gateway, endpoint, components, prefix)
        nodes = endpoint.operation.node.variable_definitions or ()
        self._definitions = {each.variable.name.value: each for each in nodes}

    def operation(self) -> Json:
        endpoint = self._endpoint
        scopes = sorted(endpoint.scopes)
        name = endpoint.name[0].lower() + endpoint.name[1:]
        operation: Json = {"operationId": name, "tags": [_tag(endpoint)], **self._words()}
        if endpoint.lifecycle.deprecated:
            operation["deprecated"] = True
        operation["security"] = [{scheme: scopes} for scheme in SECURITY_SCHEMES]
        if endpoint.parameters.all:
            operation["parameters"] = [self._parameter(each) for each in endpoint.parameters.all]
        if endpoint.parameters.body is not None:
            operation["requestBody"] = self._body()
        operation["responses"] = self._responses.all()
        return operation

    def _words(self) -> Json:
        """Summary and description: the document's own words before the root field's."""
        root = self._endpoint.root.selected.field.description
        text = self._endpoint.operation.description or root or self._endpoint.name
        summary = self._endpoint.binding.summary or text.split("\n")[0].split(". ")[0].rstrip(".")
        scopes = ", ".join(f"`{each}`" for each in sorted(self._endpoint.scopes))
        return {"summary": summary, "description": f"{text}\n\nScopes: {scopes}." if scopes else text}

    def _parameter(self, parameter: Parameter) -> Json:
        words: Json = {}
        node = self._definitions[parameter.variable]
        if argument := self._arguments.get(parameter.variable):
            words = described({}, argument)
            words.pop("examples", None)
            if (example := example_of(argument)) is not None:
                words["example"] = example
        if node.description is not None:
            words["description"] = node.description.value
        schema = self._parameter_schema(parameter, keywords_of(argument) if argument else {})
        if node.default_value is not None:
            schema["default"] = value_from_ast_untyped(node.default_value)
        required = {"required": True} if parameter.required else {}
        return {"name": parameter.name, "in": str(parameter.place), **words, **required, "schema": schema}

    def _parameter_schema(self, parameter: Parameter, keywords: Json) -> Json:
        """`keywords` are about the whole argument."""
        schema = _never_null(self._inputs.of(parameter.type))
        if parameter.many:
            items = _text_schema(_never_null(schema["items"]), parameter.place)
            return {**schema, "items": items, **keywords}
        return _text_schema(schema, parameter.place, keywords)

    def _body(self) -> Json:
        body = self._endpoint.parameters.body
        assert body is not None
        argument = self._arguments.get(body.variable)
        words = {"description": argument.description} if argument and argument.description else {}
        content = {"application/json": {"schema": self._inputs.of(body.type)}}
        return {**words, "required": body.required, "content": content}


def _text_schema(schema: Json, place: Place, keywords: Json | None = None) -> Json:
    """The schema of a text in a URL or header, where control characters have no place."""
    if schema.get("pattern") == BODY_PATTERN:
        schema["pattern"] = TEXT_PATTERN
        if place is not Place.QUERY:
            schema["minLength"] = 1
    schema |= keywords or {}
    if place is Place.HEADER:
        schema["maxLength"] = min(schema.get("maxLength", MAX_HEADER), MAX_HEADER)
        if "pattern" in schema:
            schema["pattern"] = _VISIBLE
    return schema


def _never_null(schema: Json) -> Json:
    plain = next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)
    if isinstance(plain.get("type"), list):
        return {**plain, "type": plain["type"][0]}
    return dict(plain)


def _arguments(endpoint: Endpoint) -> dict[str, GraphQLArgument]:
    """The argument each variable is given to."""
    info = TypeInfo(endpoint.selection.schema)
    found: dict[str, GraphQLArgument] = {}

    class Uses(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            if (argument := info.get_argument()) is not None:
                found.setdefault(node.name.value, argument)

    visit(endpoint.document, TypeInfoVisitor(info, Uses()))
    return found
