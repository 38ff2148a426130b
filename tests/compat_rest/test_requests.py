"""From a request to its variables: what is taken, what is refused, and that the answer says where it went wrong."""

from typing import Any

import httpx
import pytest

from compat_rest.facade import Facade
from compat_rest.parameters import MAX_QUERY
from tests.compat_rest.librarian import GUEST
from tests.compat_rest.support import client_of

UNSET = {
    "text": "default",
    "number": 0,
    "share": 0.0,
    "flag": False,
    "genre": "novel",
    "on": "2024-12-31",
    "words": [],
    "maybe": "absent",
}


async def test_a_slash_inside_a_segment_stays_inside(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/books/978%2F2")).json()["title"] == "L'Étranger"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v1/books/badge/978%2F2", {"isbn": "978/2", "heading": "L'Étranger"}),
        ("/v1/books/%62adge/978%2F2", {"isbn": "978/2", "heading": "L'Étranger"}),
        ("/v1/books/badge%2FX", "Zadig"),
        ("/v1/books/badge", "Essais"),
    ],
)
async def test_a_literal_wins_over_a_placeholder_and_swallows_no_slash(
    client: httpx.AsyncClient, path: str, answer: Any
) -> None:
    found = (await client.get(path)).json()
    assert (found if isinstance(answer, dict) else found["title"]) == answer


@pytest.mark.parametrize(
    "path", ["/v1/books/", "/v1/books/a/b", "/v1/", "/v1/nothing", "/v1/books//badge", "/v2/books"]
)
async def test_a_path_without_an_endpoint_is_unknown(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "UNKNOWN_PATH")


async def test_absent_parameters_leave_the_operation_s_defaults(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/echo")).json() == UNSET


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("text=", {"text": ""}),
        ("text", {"text": ""}),
        ("text=a+b%20c%2Bd", {"text": "a b c+d"}),
        ("text=A%C3%AFssatou", {"text": "Aïssatou"}),
        ("maybe=", {"maybe": "''"}),
        ("maybe=null", {"maybe": "'null'"}),
        ("number=-2147483648", {"number": -(2**31)}),
        ("number=2147483647", {"number": 2**31 - 1}),
        ("share=1e-3", {"share": 0.001}),
        ("flag=true", {"flag": True}),
        ("genre=essay", {"genre": "essay"}),
        ("on=2024-02-29", {"on": "2024-02-29"}),
        ("words=b&words=a&words=b", {"words": ["b", "a", "b"]}),
        ("words=", {"words": [""]}),
        ("&&number=1&", {"number": 1}),
    ],
)
async def test_texts_become_typed_values(client: httpx.AsyncClient, query: str, seen: dict[str, Any]) -> None:
    response = await client.get(f"/v1/echo?{query}")
    assert response.json() == {**UNSET, **seen}


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("nmuber=1", "nmuber", "UNKNOWN"),
        ("number=1&number=2", "number", "REPEATED"),
        ("text=a&text=a", "text", "REPEATED"),
        ("number=", "number", "EMPTY"),
        ("number=1.0", "number", "NOT_INTEGER"),
        ("number=01", "number", "NOT_INTEGER"),
        ("number=%D9%A1", "number", "NOT_INTEGER"),
        ("number=2147483648", "number", "OUT_OF_RANGE"),
        ("number=99999999999999999999999", "number", "NOT_INTEGER"),
        ("share=NaN", "share", "NOT_NUMBER"),
        ("share=1e999", "share", "OUT_OF_RANGE"),
        ("flag=1", "flag", "NOT_BOOLEAN"),
        ("genre=poem", "genre", "NOT_A_CHOICE"),
        ("on=2024-02-30", "on", "NOT_A_DATE"),
        ("on=20241231", "on", "NOT_A_DATE"),
        ("on=0000-01-01", "on", "NOT_A_DATE"),
        ("text=a%00b", "text", "CONTROL_CHARACTER"),
        ("text=a%0Ab", "text", "CONTROL_CHARACTER"),
        ("text=%C2%85", "text", "CONTROL_CHARACTER"),
        ("text=%FF", "text", "ENCODING"),
        ("text=%ED%A0%80", "text", "ENCODING"),
        ("text=%2", "text", "ENCODING"),
        ("text=%zz", "text", "ENCODING"),
    ],
)
async def test_a_bad_parameter_is_named(client: httpx.AsyncClient, query: str, field: str, reason: str) -> None:
    response = await client.get(f"/v1/echo?{query}")
    problem = response.json()
    assert (response.status_code, problem["code"], problem["field"]) == (400, "INVALID_PARAMETERS", field)
    assert [(each["field"], each["in"], each["code"]) for each in problem["errors"]] == [(field, "query", reason)]


async def test_every_bad_parameter_is_named_at_once(client: httpx.AsyncClient) -> None:
    problem = (await client.get("/v1/doors/visit?door=x&colour=red")).json()
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [
        ("door", "NOT_INTEGER"),
        ("colour", "UNKNOWN"),
        ("reader", "REQUIRED"),
    ]


async def test_a_parameter_name_that_cannot_be_read_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/echo?%FF=1")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "ENCODING")


@pytest.mark.parametrize("segment", ["%FF", "%00", "%2", "a%0Ab"])
async def test_a_bad_segment_is_refused(client: httpx.AsyncClient, segment: str) -> None:
    response = await client.get(f"/v1/books/{segment}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["in"] == "path"


async def test_a_query_without_end_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/echo?text=" + "a" * MAX_QUERY)
    assert (response.status_code, response.json()["code"]) == (414, "URI_TOO_LONG")


async def test_a_body_becomes_the_input(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/loans", json={"isbn": "badge"}, headers={"Idempotency-Key": "k-1"})
    assert (response.status_code, response.json()) == (
        201,
        {"isbn": "badge", "days": 14, "note": "absent", "key": "k-1"},
    )


@pytest.mark.parametrize(
    ("body", "french", "english"),
    [
        (b'{"isbn":\n 1,}', "ligne 2, colonne 3", "line 2, column 3"),
        (b'{"isbn":"a","isbn":"b"}', "« isbn » deux fois", "“isbn” twice"),
        (b"", "corps : Cette valeur est obligatoire.", "body: This value is required."),
        (b"[]", "corps : Un objet est attendu.", "body: An object is expected."),
        (b'{"isbn":"a","colour":1}', "Noms connus : isbn, days", "Known names: isbn, days"),
    ],
)
async def test_the_detail_says_where_the_body_goes_wrong(
    client: httpx.AsyncClient, body: bytes, french: str, english: str
) -> None:
    for language, words in (("fr", french), ("en", english)):
        headers = {"Content-Type": "application/json", "Accept-Language": language}
        response = await client.post("/v1/loans", content=body, headers=headers)
        assert words in response.json()["detail"]


async def test_the_detail_lists_the_parameters_there_are(client: httpx.AsyncClient) -> None:
    assert "Noms connus : first, after" in (await client.get("/v1/books?frist=1")).json()["detail"]
    assert "Noms connus : –." in (await client.get("/v1/books/978?x=1")).json()["detail"]


@pytest.mark.parametrize(("note", "seen"), [({}, "absent"), ({"note": None}, "None"), ({"note": ""}, "''")])
async def test_absent_null_and_empty_are_three_things(
    client: httpx.AsyncClient, note: dict[str, Any], seen: str
) -> None:
    response = await client.post("/v1/loans", json={"isbn": "badge", **note})
    assert (response.json()["note"], response.json()["key"]) == (seen, "absent")


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "isbn", "REQUIRED"),
        ({"isbn": None}, "isbn", "NULL"),
        ({"isbn": 978}, "isbn", "NOT_TEXT"),
        ({"isbn": "a\x00"}, "isbn", "CONTROL_CHARACTER"),
        ({"isbn": "badge", "days": "1"}, "days", "NOT_INTEGER"),
        ({"isbn": "badge", "days": 1.5}, "days", "NOT_INTEGER"),
        ({"isbn": "badge", "days": True}, "days", "NOT_INTEGER"),
        ({"isbn": "badge", "days": 2**31}, "days", "OUT_OF_RANGE"),
        ({"isbn": "badge", "days": 1e300}, "days", "OUT_OF_RANGE"),
        ({"isbn": "badge", "colour": 1}, "colour", "UNKNOWN"),
        ({"isbn": "badge", "genres": "novel"}, "genres", "NOT_A_LIST"),
        ({"isbn": "badge", "genres": ["novel", "poem"]}, "genres.1", "NOT_A_CHOICE"),
        ({"isbn": "badge", "genres": [None]}, "genres.0", "NULL"),
        ({"isbn": "badge", "reminders": [{}, {"on": "2024-12-31"}]}, "reminders.0.on", "REQUIRED"),
        ({"isbn": "badge", "reminders": [{"on": "31/12/2024"}]}, "reminders.0.on", "NOT_A_DATE"),
        (
            {"isbn": "badge", "reminders": [{"on": "2024-12-31", "next": {"on": 1}}]},
            "reminders.0.next.on",
            "NOT_A_DATE",
        ),
        ({"isbn": "badge", "reminders": [7]}, "reminders.0", "NOT_AN_OBJECT"),
    ],
)
async def test_a_bad_field_is_named_by_its_path(
    client: httpx.AsyncClient, body: dict[str, Any], field: str, reason: str
) -> None:
    response = await client.post("/v1/loans", json=body)
    problem = response.json()
    assert (response.status_code, problem["code"], problem["field"]) == (422, "INVALID_BODY", field)
    assert [(each["field"], each["in"], each["code"]) for each in problem["errors"]] == [(field, "body", reason)]


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b""])
async def test_a_body_that_is_no_object_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/v1/loans", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (422, "INVALID_BODY")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'isbn': 1}",
        b'{"isbn": NaN}',
        b'{"isbn": "\xff"}',
        b'{"isbn": "\\ud800"}',
        b'{"isbn": "a", "isbn": "b"}',
        b"[" * 100_000,
        b'{"isbn": "badge", "reminders": [' + b'{"on": "2024-12-31", "next": ' * 800 + b"null" + b"}" * 800 + b"]}",
    ],
)
async def test_what_is_not_one_json_value_is_malformed(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/v1/loans", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "MALFORMED_JSON")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/JSON; charset=UTF-8", 201),
        ('application/json; charset="utf-8"', 201),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        (None, 415),
    ],
)
async def test_only_json_is_taken(client: httpx.AsyncClient, content_type: str | None, status: int) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = await client.post("/v1/loans", content=b'{"isbn": "badge"}', headers=headers)
    assert response.status_code == status


async def test_a_compressed_body_is_not_taken(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await client.post("/v1/loans", content=b"{}", headers=headers)).status_code == 415


async def test_a_body_without_end_is_refused(client: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        while True:
            yield b" " * 100_000

    for content in (b" " * 300_000, endless()):
        response = await client.post("/v1/loans", content=content, headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("key", "reason"), [(b"", "EMPTY"), (b"a" * 256, "TOO_LONG"), (b"a\tb", "ENCODING"), ("é".encode(), "ENCODING")]
)
async def test_a_bad_header_is_named(client: httpx.AsyncClient, key: bytes, reason: str) -> None:
    headers = [(b"Idempotency-Key", key)]
    problem = (await client.post("/v1/loans", json={"isbn": "badge"}, headers=headers)).json()  # type: ignore[arg-type]
    assert [(each["field"], each["in"], each["code"]) for each in problem["errors"]] == [
        ("Idempotency-Key", "header", reason)
    ]


async def test_the_key_comes_first_then_the_path_then_the_scopes_then_the_rest(facade: Facade) -> None:
    async def status(key: str | None, path: str) -> int:
        async with client_of(facade, key) as client:
            return (await client.get(path)).status_code

    assert await status(None, "/v1/nothing") == 401
    assert await status(GUEST, "/v1/nothing") == 404
    assert await status(GUEST, "/v1/loans") == 405
    assert await status(GUEST, "/v1/echo?number=x") == 403
    assert await status("reader", "/v1/echo?number=x") == 400
