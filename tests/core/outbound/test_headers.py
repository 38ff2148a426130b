"""Headers of a partner's own choice."""

import pytest

from app.core.outbound import read_headers, read_url
from app.core.outbound.errors import HeaderMalformed, HeaderRefused, HeaderReserved, TooManyHeaders
from app.core.outbound.policy import Policy
from app.core.outbound.request import HeaderInjected, render_post


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "HOST",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Expect",
        "Accept-Encoding",
        "webhook-id",
        "Webhook-Signature",
        "webhook-timestamp",
        "X-Skooly-Signature",
        "X-Forwarded-For",
        "Proxy-Authorization",
    ],
)
def test_what_skooly_sets_is_reserved(name: str) -> None:
    with pytest.raises(HeaderReserved):
        read_headers([(name, "x")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nHost: internal"),
        ("X-A", "a\nb"),
        ("X-A", "a\rb"),
        ("X-A", "a\tb"),
        ("X-A", "a\0b"),
        ("X-A", " a"),
        ("X-A", "a "),
        ("X-A", "é"),
        ("X-A", "a" * 1025),
        ("X-A\r\nHost", "internal"),
        ("X A", "a"),
        ("X-A:", "a"),
        ("", "a"),
        ("É", "a"),
        ("a" * 65, "a"),
    ],
)
def test_a_malformed_header_is_refused(name: str, value: str) -> None:
    with pytest.raises(HeaderMalformed):
        read_headers([(name, value)])


def test_a_useful_header_is_taken() -> None:
    assert read_headers([("Authorization", "Bearer abc def"), ("X-Empty", "")]) == {
        "authorization": "Bearer abc def",
        "x-empty": "",
    }


def test_there_are_not_many_of_them() -> None:
    with pytest.raises(TooManyHeaders):
        read_headers([(f"x-{number}", "") for number in range(21)])


def test_one_name_in_two_cases_is_refused() -> None:
    with pytest.raises(HeaderRefused):
        read_headers([("X-A", "1"), ("x-a", "2")])


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb", "a\0b"])
def test_a_line_end_that_got_past_every_check_is_not_sent(value: str) -> None:
    with pytest.raises(HeaderInjected):
        render_post(read_url("https://hook.example.org/", Policy()), {"x-a": value}, b"{}")
