"""The samples that docs/webhooks.md gives to receivers are run here, against signatures that Skooly makes."""

import base64
import json
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.signing import Signer, make_secret, show_secret, sign, sign_body
from app.domains.webhooks.settling import LONG_TAIL, SCHEDULE
from app.web.asyncapi import document
from tests.support.guides import blocks, receiver_of_the_guide
from tests.support.platform import CHECKOUT

GUIDE = (CHECKOUT / "docs" / "webhooks.md").read_text(encoding="utf-8")
SECRET, FORMER = make_secret(), make_secret()
ID = "evt_0194600f6f2a7c3e8b1d2f4a5b6c7d8e_0194600f00007000800000000000e4d0"
BODY = '{"data":{"last_name":"Sène-N’Diaye","label":"Frais d\'été 🎓"}}'.encode()


def samples(language: str) -> str:
    """All blocks of a language, in order."""
    found = blocks("webhooks.md", language)
    assert found, f"the guide has no sample in {language}"
    return "\n".join(found)


@dataclass(frozen=True)
class Request:
    """What a receiver gets; signed by Skooly's own code."""

    body: bytes = BODY
    sent_at: int = field(default_factory=lambda: int(time.time()))
    secrets: tuple[bytes, ...] = (SECRET,)
    changed: Mapping[str, str] = field(default_factory=dict)
    webhook_id: str = ID

    @property
    def headers(self) -> dict[str, str]:
        signers = [Signer(secret) for secret in self.secrets]
        signature = sign(signers, webhook_id=self.webhook_id, timestamp=self.sent_at, body=self.body)
        signed = {"webhook-id": self.webhook_id, "webhook-timestamp": str(self.sent_at), "webhook-signature": signature}
        return {**signed, "x-skooly-signature": sign_body(signers[-1], self.body), **self.changed}


@dataclass(frozen=True)
class Case:
    """`body` is what arrives, where it is not what was sent."""

    request: Callable[[], Request]
    accepted: bool
    body: bytes = BODY


CASES = {
    "as sent": Case(Request, True),
    "while the secret is replaced": Case(lambda: Request(secrets=(make_secret(), SECRET)), True),
    "four minutes late": Case(lambda: Request(sent_at=int(time.time()) - 240), True),
    "an empty body": Case(lambda: Request(body=b""), True, body=b""),
    "another body": Case(Request, False, body=BODY.replace(b"N", b"M")),
    "another secret": Case(lambda: Request(secrets=(FORMER,)), False),
    "another id": Case(lambda: Request(changed={"webhook-id": "evt_other"}), False),
    "another time": Case(lambda: Request(changed={"webhook-timestamp": str(int(time.time()) + 1)}), False),
    "ten minutes late": Case(lambda: Request(sent_at=int(time.time()) - 600), False),
    "ten minutes early": Case(lambda: Request(sent_at=int(time.time()) + 600), False),
    "no time": Case(lambda: Request(changed={"webhook-timestamp": "now"}), False),
    "no signature": Case(lambda: Request(changed={"webhook-signature": ""}), False),
    "a signature of letters that are no ASCII": Case(lambda: Request(changed={"webhook-signature": "v1,é"}), False),
}

NODE = """
const given = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(verify(given.secret, given.headers, Buffer.from(given.body, "base64")));
"""
PHP = """
$given = json_decode(file_get_contents('php://stdin'), true);
echo json_encode(verify($given['secret'], $given['headers'], base64_decode($given['body'])));
"""
CSHARP = """
public static class Driver
{
    public static void Main()
    {
        var headers = new Dictionary<string, string>();
        string secret = Console.ReadLine();
        byte[] body = Convert.FromBase64String(Console.ReadLine());
        for (string name = Console.ReadLine(); name != null; name = Console.ReadLine())
            headers[name] = Console.ReadLine();
        Console.WriteLine(SkoolyWebhook.Verify(secret, headers, body) ? "true" : "false");
    }
}
"""


def called(command: list[str], stdin: str) -> bool:
    done = subprocess.run(command, input=stdin.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return bool(json.loads(done.stdout))


def as_json(headers: Mapping[str, str], body: bytes) -> str:
    return json.dumps({"secret": show_secret(SECRET), "headers": headers, "body": base64.b64encode(body).decode()})


def as_lines(headers: Mapping[str, str], body: bytes) -> str:
    named = [line for pair in headers.items() for line in pair]
    return "\n".join([show_secret(SECRET), base64.b64encode(body).decode(), *named]) + "\n"


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} on this machine: its sample is not run")
    return found


Verify = Callable[[Mapping[str, str], bytes], bool]


def in_python(_: Path) -> Verify:
    verify = namespace()["verify"]
    return lambda headers, body: bool(verify(show_secret(SECRET), headers, body))


def in_node(folder: Path) -> Verify:
    node, script = program("node"), folder / "verify.cjs"
    script.write_text(samples("js") + NODE)
    return lambda headers, body: called([node, str(script)], as_json(headers, body))


def in_php(folder: Path) -> Verify:
    php, script = program("php"), folder / "verify.php"
    script.write_text(samples("php") + PHP)
    return lambda headers, body: called([php, str(script)], as_json(headers, body))


def in_csharp(folder: Path) -> Verify:
    """By Mono, which takes what old and new .NET take."""
    compiler, mono, source = program("mcs"), program("mono"), folder / "verify.cs"
    source.write_text(samples("csharp") + CSHARP)
    subprocess.run([compiler, f"-out:{folder / 'verify.exe'}", source], check=True, capture_output=True)
    return lambda headers, body: called([mono, str(folder / "verify.exe")], as_lines(headers, body))


def namespace() -> dict[str, Any]:
    """The names that the Python samples define together."""
    names: dict[str, Any] = {}
    exec(compile(samples("python"), "docs/webhooks.md", "exec"), names)
    return names


@pytest.mark.parametrize("language", [in_python, in_node, in_php, in_csharp], ids=["python", "node", "php", "csharp"])
def test_a_sample_tells_what_skooly_signed(language: Callable[[Path], Verify], tmp_path: Path) -> None:
    verify = language(tmp_path)
    told = {name: verify(case.request().headers, case.body) for name, case in CASES.items()}
    assert told == {name: case.accepted for name, case in CASES.items()}


def test_the_sample_for_old_receivers_tells_the_body_alone() -> None:
    verify_body, request = namespace()["verify_body"], Request()
    assert verify_body(show_secret(SECRET), request.headers, BODY)
    assert not verify_body(show_secret(SECRET), request.headers, BODY + b" ")
    assert not verify_body(show_secret(FORMER), request.headers, BODY)
    assert not verify_body(show_secret(SECRET), {}, BODY)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The guide's receiver, run as it stands: its URL and its file."""
    with receiver_of_the_guide(tmp_path, show_secret(SECRET)) as url:
        yield url, tmp_path / "inbox.db"


def post(url: str, request: Request) -> int:
    """The status of the answer."""
    return httpx.post(url, content=request.body, headers=request.headers, trust_env=False).status_code


def kept(file: Path) -> list[tuple[str, bytes]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT webhook_id, body FROM inbox ORDER BY webhook_id").fetchall()


def test_the_sample_receiver_keeps_each_event_once(inbox: tuple[str, Path]) -> None:
    url, file = inbox
    request = Request()
    repeated = replace(request, sent_at=request.sent_at - 60)
    forged = Request(secrets=(FORMER,), changed={"webhook-id": "evt_forged"})
    assert [post(url, each) for each in (request, repeated, forged)] == [204, 204, 401]
    assert kept(file) == [(ID, BODY)]


def test_the_sample_receiver_takes_many_at_once(inbox: tuple[str, Path]) -> None:
    url, file = inbox
    requests = [Request(webhook_id=f"evt_{number:02}") for number in range(20)]
    with ThreadPoolExecutor(len(requests)) as threads:
        assert list(threads.map(lambda each: post(url, each), requests)) == [204] * len(requests)
    assert kept(file) == [(each.webhook_id, BODY) for each in requests]


def test_the_request_shown_is_one_of_the_contract() -> None:
    [shown] = re.findall(r"```\nPOST .*?\n(.*?)```", GUIDE, re.DOTALL)
    head, _, body = shown.strip().partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines())
    examples = json.loads(document())["components"]["messages"]["student.created"]["examples"]
    assert {"name": "thin", "headers": headers, "payload": json.loads(body)} in [
        {name: example[name] for name in ("name", "headers", "payload")} for example in examples
    ]


def test_the_schedule_shown_is_the_engine_s() -> None:
    seconds = {"minute": 60, "minutes": 60, "heure": 3600, "h": 3600}
    shown = [int(number) * seconds[unit] for number, unit in re.findall(r"(\d+) (minutes?|heure|h)\b", _table())]
    assert tuple(shown) == SCHEDULE + LONG_TAIL


def _table() -> str:
    return GUIDE.partition("| essai |")[2].partition("\n\n")[0]


def test_every_path_shown_is_there() -> None:
    contract = json.loads((CHECKOUT / "compat_rest" / "openapi.json").read_bytes())["paths"]
    known = {re.sub(r"\{\w+\}", "{id}", path) for path in contract}
    shown = set(re.findall(r"(?:GET|POST|PATCH|DELETE) /v1(/[\w/{}-]+)", GUIDE))
    assert shown
    assert shown <= known


def test_every_operation_is_named_for_graphql() -> None:
    operations = (CHECKOUT / "compat_rest" / "operations" / "webhooks").glob("*.graphql")
    fields = {f"{each.stem[0].lower()}{each.stem[1:]}" for each in operations}
    [reading] = re.findall(r"^\| `webhooks:read` \| (.*)\|$", GUIDE, re.MULTILINE)
    [managing] = re.findall(r"^\| `webhooks:manage` \| (.*)\|$", GUIDE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", reading + managing)) == fields | {"endpointEvents"}
