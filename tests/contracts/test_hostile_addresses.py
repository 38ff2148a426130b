"""Addresses, headers and methods that mean harm, or nothing at all: each time a problem with a name, and in time."""

from urllib.parse import quote

import pytest

from tests.contracts.well_formed import ABSENCES, CHECK, CONTROLS, PASSAGES, READS, UNDECODABLE
from tests.contracts.wire import Answer, Headers, Wire, assert_discreet, refusal

Keys = dict[str, Headers]
REFUSED_PARAMETERS = [
    ("", "REQUIRED"),
    ("nfc=1", "REQUIRED"),
    ("nfc=1&zone=R&x=1", "UNKNOWN"),
    ("nfc=1&zone=R&Zone=R", "UNKNOWN"),
    ("nfc[]=1&zone=R", "UNKNOWN"),
    ("=1", "UNKNOWN"),
    ("a=1&" * 2_000, "UNKNOWN"),
    ("%ff=1&nfc=1&zone=R", "ENCODING"),
    ("%00=1&nfc=1&zone=R", "CONTROL_CHARACTER"),
    ("nfc=1&nfc=2&zone=R", "REPEATED"),
    ("nfc=1&nfc=1&zone=R", "REPEATED"),
    *((f"nfc=1{bad}&zone=R", "ENCODING") for bad in UNDECODABLE.values()),
    *((f"nfc=1{bad}2&zone=R", "CONTROL_CHARACTER") for bad in CONTROLS.values()),
]
REFUSED_TEXTS = ["nfc=&zone=R", "nfc&zone=R", "nfc=+%20%C2%A0&zone=R", "nfc=1&zone=", f"zone=R&nfc={'1' * 65}"]
REFUSED_TEXTS += [f"zone=R&nfc={'%F0%9F%90%AA' * 600}"]
NO_DAYS = "31/12/2024 2024-02-30 2024-13-01 24-12-31 20241231 2024-W01-1 2024-12-31T00:00:00Z -2024-12-31 0000-01-01"
NO_DAYS += " 10000-01-01 ２０２４-12-31 2024–12–31 null NaN 1e9 today"
NOWHERE = "/v1 /v1/ /v1//students/badge/1 /v1/students/badge/1/ /v1/students/../students/badge/1 /v1%2fstudents /.env"
NOWHERE += " /v1/students/%2e%2e/badge/1 /v1\\students /v2/students/1 /V1/students/1 /v1/students/a/b/c/d /etc/passwd"
NOWHERE += " /v1/docs/../openapi.json /v1/docs/%2e%2e%2fopenapi.json /v1/problems/ /v1/problems/%00 * //evil.example/v1"
UNACCEPTABLE = ["text/html", "application/json;q=0", ";;;q=,,/\x80;q=1e400", "application/json;q=nan"]
IGNORED = [
    ("Accept-Language", "\xff;q=inf,fr;q=nan,*;q=-1"),
    ("Accept-Language", "en" * 5_000),
    ("If-None-Match", '\xff"'),
    ("If-None-Match", "W/" * 5_000),
    ("X-Forwarded-For", "1.2.3.4, \xff, ::1%lo"),
    ("X-Request-Id", "../../etc"),
    ("Host", "\xff"),
    ("Range", "bytes=0-1"),
    ("Cookie", "a=" + "b" * 10_000),
]


def reasons(answer: Answer) -> set[str]:
    return {error["code"] for error in answer.json["errors"]}


@pytest.mark.parametrize(("query", "reason"), REFUSED_PARAMETERS)
def test_query_strings_that_say_nothing_clear(wire: Wire, keys: Keys, query: str, reason: str) -> None:
    answer = wire.ask("GET", f"{CHECK}?{query}", keys["tourniquet"])
    assert refusal(answer) == (400, "INVALID_PARAMETERS")
    assert reason in reasons(answer)


@pytest.mark.parametrize("query", REFUSED_TEXTS)
def test_texts_that_can_be_no_badge(wire: Wire, keys: Keys, query: str) -> None:
    answer = wire.ask("GET", f"{CHECK}?{query}", keys["tourniquet"])
    assert refusal(answer) == (422, "INVALID_INPUT")
    assert answer.json["field"] in ("nfc", "zone")


def test_a_long_query_string(wire: Wire, keys: Keys) -> None:
    answer = wire.ask("GET", f"{CHECK}?zone=R&nfc={'1' * 9_000}", keys["tourniquet"])
    assert refusal(answer) == (414, "URI_TOO_LONG")


@pytest.mark.parametrize("day", ["", "2024-12-31 ", *NO_DAYS.split()])
def test_what_is_no_day(wire: Wire, keys: Keys, day: str) -> None:
    answer = wire.ask("GET", f"/v1/finance/journals?date={quote(day)}", keys["comptabilite"])
    assert refusal(answer) == (400, "INVALID_PARAMETERS")
    assert reasons(answer) == {"NOT_A_DATE" if day else "EMPTY"}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar(wire: Wire, keys: Keys, day: str) -> None:
    assert wire.ask("GET", f"/v1/finance/journals?date={day}", keys["comptabilite"]).json["entryCount"] == 0


@pytest.mark.parametrize("preset", ["cantine", "bibliotheque", "scolarite"])
@pytest.mark.parametrize("segment", [*UNDECODABLE.values(), *CONTROLS.values()], ids=[*UNDECODABLE, *CONTROLS])
def test_path_segments_that_cannot_be_read(wire: Wire, keys: Keys, preset: str, segment: str) -> None:
    folder = READS[preset].rpartition("/")[0]
    answer = wire.ask("GET", f"{folder}/1{segment}", keys[preset])
    assert refusal(answer) == (400, "INVALID_PARAMETERS")
    assert answer.json["errors"][0]["in"] == "path"


@pytest.mark.parametrize("length", [65, 8_000, 30_000])
def test_long_path_segments(wire: Wire, keys: Keys, length: int) -> None:
    answer = wire.ask("GET", "/v1/students/badge/" + "1" * length, keys["cantine"])
    assert refusal(answer) == (422, "INVALID_INPUT")
    assert answer.json["field"] == "id"


@pytest.mark.parametrize("path", NOWHERE.split())
def test_paths_that_lead_nowhere(wire: Wire, keys: Keys, path: str) -> None:
    assert refusal(wire.ask("GET", path, keys["cantine"])) == (404, "UNKNOWN_PATH")


@pytest.mark.parametrize("accept", UNACCEPTABLE)
def test_formats_that_nobody_speaks(wire: Wire, keys: Keys, accept: str) -> None:
    headers = {**keys["cantine"], "Accept": accept}
    assert refusal(wire.ask("GET", READS["cantine"], headers)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(("name", "value"), IGNORED)
def test_headers_that_nobody_has_to_understand(wire: Wire, keys: Keys, name: str, value: str) -> None:
    answer = wire.ask("GET", READS["cantine"], {**keys["cantine"], name: value})
    assert answer.status == 200
    assert_discreet(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("preset", READS)
def test_methods_that_reading_has_not(wire: Wire, keys: Keys, preset: str, method: str) -> None:
    answer = wire.ask(method, READS[preset], keys[preset])
    assert refusal(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(("preset", "path"), [("absences", ABSENCES), ("tourniquet", PASSAGES)])
def test_methods_that_writing_has_not(wire: Wire, keys: Keys, preset: str, path: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = wire.ask(method, path, keys[preset])
        assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")
    options = wire.ask("OPTIONS", path, keys[preset])
    assert (options.status, options.headers["allow"], options.body) == (204, "POST, OPTIONS", b"")
