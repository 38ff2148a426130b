"""Keys that open nothing, over both channels: one refusal for all of them, which repeats nothing of the key."""

import pytest

from tests.contracts.well_formed import JSON, READS
from tests.contracts.wire import Answer, Headers, Wire, refusal
from tests.e2e.conftest import School

TYPENAME = b'{"query":"{ __typename }"}'
MADE_UP = {
    "nothing": "",
    "spaces": "   ",
    "a word": "x",
    "the beginning": "sk_live_",
    "another shape": "sk_live_" + "A" * 12 + "_" + "B" * 35,
    "a wrong checksum": "sk_live_" + "A" * 12 + "_" + "B" * 36,
    "8 bit": "sk_live_é",
    "fullwidth": "ｓｋ".encode().decode("latin-1"),
    "long": "sk_live_" + "A" * 20_000,
    "SQL": "' OR 1=1 --",
    "a format string": "%s{0}{key}",
}


def both(wire: Wire, headers: Headers, query: str = "") -> list[Answer]:
    read = wire.ask("GET", READS["cantine"] + query, headers)
    return [read, wire.ask("POST", f"/graphql{query}", {**headers, **JSON}, TYPENAME)]


def assert_refused(answers: list[Answer], code: str = "UNAUTHENTICATED") -> None:
    rest, graphql = answers
    assert refusal(rest) == (401, code)
    assert graphql.status == 401
    assert [error["extensions"]["code"] for error in graphql.json["errors"]] == [code]
    assert "data" not in graphql.json
    for answer in answers:
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "sk_" not in str(answer)


@pytest.mark.parametrize("key", MADE_UP.values(), ids=MADE_UP)
def test_keys_that_were_made_up(wire: Wire, key: str) -> None:
    assert_refused(both(wire, {"X-API-KEY": key}))
    assert_refused(both(wire, {"Authorization": f"Bearer {key}"}))


def test_keys_that_are_almost_right(school: School, wire: Wire) -> None:
    key = school.keys["cantine"]
    end = "A" if key[-1] != "A" else "B"
    for spoilt in (key.lower(), key.upper(), key[:-1], key + "A", key[:-1] + end, key.replace("live", "test")):
        assert_refused(both(wire, {"X-API-KEY": spoilt}))
    for spoilt in (f"{key[:20]} {key[20:]}", f'"{key}"', f"{key};", f"Bearer {key}"):
        assert_refused(both(wire, {"X-API-KEY": spoilt}))


def test_keys_in_the_wrong_place(school: School, wire: Wire) -> None:
    key = school.keys["cantine"]
    assert_refused(both(wire, {}))
    assert_refused(both(wire, {}, f"?api_key={key}&key={key}&access_token={key}&X-API-KEY={key}"))
    for headers in ({"Cookie": f"X-API-KEY={key}"}, {"Authorization": key}, {"Authorization": f"Basic {key}"}):
        assert_refused(both(wire, headers))
    for name in ("X-API_KEY", "API-KEY", "X-Forwarded-Authorization", "Proxy-Authorization"):
        assert_refused(both(wire, {name: key}))


def test_two_keys(school: School, wire: Wire) -> None:
    key, other = school.keys["cantine"], school.keys["bibliotheque"]
    assert_refused(both(wire, {"X-API-KEY": key, "Authorization": f"Bearer {other}"}), "CONFLICTING_KEYS")
    assert_refused(both(wire, {"X-API-KEY": key, "x-api-key": other}), "CONFLICTING_KEYS")


def test_one_key_however_it_is_sent(school: School, wire: Wire) -> None:
    key = school.keys["cantine"]
    for headers in (
        {"x-aPi-KeY": f"  {key}  "},
        {"Authorization": f"bEARER   {key}"},
        {"X-API-KEY": key, "Authorization": f"Bearer {key}"},
        {"X-API-KEY": key, "Authorization": "Basic dXNlcjpwYXNz"},
        {"X-API-KEY": key, "x-api-key": key},
    ):
        assert [answer.status for answer in both(wire, headers)] == [200, 200]


@pytest.mark.parametrize("key", ["sk_live_\x00", "sk_live_\x01", "sk_live_\x7f", "sk_live_\r\nX: y"])
def test_keys_that_no_header_can_hold(wire: Wire, key: str) -> None:
    answer = wire.ask("GET", READS["cantine"], {"X-API-KEY": key})
    assert refusal(answer) in ((400, "MALFORMED_HTTP"), (401, "UNAUTHENTICATED"))
