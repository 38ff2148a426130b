"""The gate: what breaks a client of the committed OpenAPI document is named, what does not passes."""

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from compat_rest.compatibility import breaking_changes
from compat_rest.facade import Facade

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def committed(facade: Facade) -> dict[str, Any]:
    return orjson.loads(facade.openapi)


def changes(committed: dict[str, Any], change: Change) -> list[str]:
    generated = copy.deepcopy(committed)
    change(generated)
    return breaking_changes(orjson.dumps(committed), orjson.dumps(generated))


def operation(document: dict[str, Any], path: str, method: str = "get") -> dict[str, Any]:
    return document["paths"][path][method]


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    return document["components"]["schemas"][name]


def answer(document: dict[str, Any], path: str) -> dict[str, Any]:
    return operation(document, path)["responses"]["200"]["content"]["application/json"]["schema"]


def parameter(document: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    return next(each for each in operation(document, path)["parameters"] if each["name"] == name)


BREAKING: dict[str, tuple[Change, str]] = {
    "path removed": (lambda d: d["paths"].pop("/shelf"), "GET /shelf: the endpoint is gone"),
    "method removed": (lambda d: d["paths"]["/loans"].pop("post"), "POST /loans: the endpoint is gone"),
    "status removed": (
        lambda d: operation(d, "/loans", "post")["responses"].pop("409"),
        "POST /loans: the status 409 is gone",
    ),
    "media type removed": (
        lambda d: operation(d, "/shelf")["responses"]["200"]["content"].pop("application/x-ndjson"),
        "GET /shelf 200: application/x-ndjson is gone",
    ),
    "property removed": (
        lambda d: schema(d, "Book")["properties"].pop("pages"),
        "GET /books/{isbn} 200: the answer.pages is gone",
    ),
    "property of a shared fragment removed": (
        lambda d: schema(d, "Author")["properties"].pop("name"),
        "GET /books 200: the answer.nodes[].author.name is gone",
    ),
    "property no longer always there": (
        lambda d: schema(d, "Book")["required"].remove("title"),
        "GET /books/{isbn} 200: the answer.title is not always there any more",
    ),
    "property became nullable": (
        lambda d: schema(d, "Book")["properties"]["title"].update(type=["string", "null"]),
        "GET /books/{isbn} 200: the answer.title can be null",
    ),
    "property changed its type": (
        lambda d: schema(d, "Book")["properties"]["title"].update(type="integer"),
        "GET /books/{isbn} 200: the answer.title can be integer",
    ),
    "another alternative in an answer": (
        lambda d: operation(d, "/doors/visit")["responses"]["403"]["content"]["application/json"].update(
            schema={"anyOf": [{"type": "object"}, {"type": "object"}]}
        ),
        "GET /doors/visit 403: the answer can be something more",
    ),
    "enum value removed": (
        lambda d: schema(d, "Genre")["enum"].remove("essay"),
        "GET /books: the query parameter “genre” has lost the value essay",
    ),
    "format changed": (
        lambda d: parameter(d, "/echo", "on")["schema"].update(format="date-time"),
        "GET /echo: the query parameter “on” has the format date-time instead of date",
    ),
    "parameter removed": (
        lambda d: operation(d, "/books")["parameters"].pop(0),
        "GET /books: the query parameter “first” is gone",
    ),
    "parameter became required": (
        lambda d: parameter(d, "/books", "genre").update(required=True),
        "GET /books: the query parameter “genre” became required",
    ),
    "new required parameter": (
        lambda d: operation(d, "/books")["parameters"].append(
            {"name": "x", "in": "query", "required": True, "schema": {"type": "string"}}
        ),
        "GET /books: the query parameter “x” is new and required",
    ),
    "parameter narrowed": (
        lambda d: parameter(d, "/books", "first")["schema"].update(maximum=100),
        "GET /books: the query parameter “first” has the maximum 100",
    ),
    "parameter's pattern": (
        lambda d: parameter(d, "/books", "after")["schema"].update(pattern="^[a-z]*$"),
        "GET /books: the query parameter “after” has the pattern ^[a-z]*$",
    ),
    "new required field": (
        lambda d: schema(d, "LendInput")["required"].append("reader"),
        "POST /loans: the body.reader is new and required",
    ),
    "field became required": (
        lambda d: schema(d, "LendInput")["required"].append("days"),
        "POST /loans: the body.days became required",
    ),
    "field removed": (
        lambda d: schema(d, "LendInput")["properties"].pop("note"),
        "POST /loans: the body.note is gone",
    ),
    "field takes no null any more": (
        lambda d: schema(d, "LendInput")["properties"]["note"].update(type="string"),
        "POST /loans: the body.note takes no null any more",
    ),
    "field of an item narrowed": (
        lambda d: schema(d, "ReminderInput")["properties"]["on"].update(type="integer"),
        "POST /loans: the body.reminders[].on takes no string any more",
    ),
    "further scope": (
        lambda d: operation(d, "/shelf")["security"][0]["apiKey"].append("shelf:admin"),
        "GET /shelf: asks for the further scope shelf:admin",
    ),
}

HARMLESS: dict[str, Change] = {
    "nothing": lambda d: None,
    "new endpoint": lambda d: d["paths"].update({"/new": d["paths"]["/shelf"]}),
    "new property": lambda d: schema(d, "Book")["properties"].update(year={"type": "integer"}),
    "new optional parameter": lambda d: operation(d, "/books")["parameters"].append(
        {"name": "x", "in": "query", "schema": {"type": "string"}}
    ),
    "new optional field": lambda d: schema(d, "LendInput")["properties"].update(x={"type": "string"}),
    "new status": lambda d: operation(d, "/shelf")["responses"].update({"410": {"description": "Gone"}}),
    "property not nullable any more": lambda d: schema(d, "Book")["properties"]["pages"].update(type="integer"),
    "field takes null too": lambda d: schema(d, "LendInput")["properties"]["isbn"].update(type=["string", "null"]),
    "wider parameter": lambda d: parameter(d, "/books", "first")["schema"].pop("maximum"),
    "other words": lambda d: operation(d, "/shelf").update(summary="Other words", tags=["x"]),
    "enum value added": lambda d: schema(d, "Genre")["enum"].append("poem"),
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_change_is_named(committed: dict[str, Any], name: str) -> None:
    change, reason = BREAKING[name]
    assert reason in changes(committed, change)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_change_passes(committed: dict[str, Any], name: str) -> None:
    assert changes(committed, HARMLESS[name]) == []
