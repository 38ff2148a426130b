"""The contract of webhooks says what is sent, and is an AsyncAPI document."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator, Draft202012Validator, validator_for
from standardwebhooks import Webhook

from app.core.signing import Signer, show_secret, sign_body
from app.domains.events.topics import Topic
from app.domains.events.visibility import READERS, family
from app.web.asyncapi import document
from app.web.asyncapi.messages import SECRET
from app.web.generated import ASYNCAPI
from tests.support.platform import CHECKOUT

SPECS = CHECKOUT / ".node" / "node_modules" / "@asyncapi" / "specs" / "schemas"
DOCUMENT: dict[str, Any] = json.loads(document())
EXAMPLES = [
    pytest.param(topic, example, id=f"{topic}-{example['name']}")
    for topic in Topic
    for example in DOCUMENT["components"]["messages"][topic]["examples"]
]


def at(pointer: str) -> Draft202012Validator:
    """Of a schema within the document, which may refer to others there."""
    return Draft202012Validator({**DOCUMENT, "$ref": pointer}, validate_formats=True)


def compact(payload: Any) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def test_the_committed_document_is_current() -> None:
    assert ASYNCAPI.read_bytes() == document(), "run ./skooly asyncapi export"


@pytest.mark.parametrize("version", ["3.0.0"])
def test_it_is_an_asyncapi_document(version: str) -> None:
    schema = SPECS / f"{version}.json"
    if not schema.exists():
        pytest.skip("no schema of AsyncAPI here: npm install --prefix .node @asyncapi/specs@6.11.1")
    validator_for(json.loads(schema.read_bytes())).validate(DOCUMENT)


@pytest.mark.parametrize(("topic", "example"), EXAMPLES)
def test_an_example_is_what_its_message_says(topic: Topic, example: dict[str, Any]) -> None:
    at(f"#/components/messages/{topic}/payload").validate(example["payload"])
    at("#/components/schemas/Headers").validate(example["headers"])
    kind = f"{topic}.v{example['payload']['schemaversion']}" + (".thin" if example["name"] == "thin" else "")
    at(f"#/components/schemas/{kind}").validate(example["payload"]["data"])


@pytest.mark.parametrize(("topic", "example"), EXAMPLES)
def test_an_example_is_signed(topic: Topic, example: dict[str, Any]) -> None:
    headers, body = example["headers"], compact(example["payload"])
    sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signed = Webhook(show_secret(SECRET)).sign(headers["webhook-id"], sent_at, body.decode())
    assert headers["webhook-signature"] == signed
    assert headers["X-Skooly-Signature"] == sign_body(Signer(SECRET), body)


@pytest.mark.parametrize("topic", Topic)
def test_another_topic_is_not_what_its_message_says(topic: Topic) -> None:
    other = next(each for each in Topic if each != topic)
    [full, _] = DOCUMENT["components"]["messages"][other]["examples"]
    assert not at(f"#/components/messages/{topic}/payload").is_valid(full["payload"])


def test_schemas_mean_the_same_to_tools_that_know_draft_7_alone() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        plain = {name: value for name, value in schema.items() if name != "$schema"}
        Draft7Validator(plain)
        assert not any(
            word in json.dumps(plain) for word in ("prefixItems", "$defs", "unevaluated", "dependentSchemas")
        )


def test_every_reference_leads_somewhere() -> None:
    for pointer in references(DOCUMENT):
        found: Any = DOCUMENT
        for step in pointer.removeprefix("#/").split("/"):
            found = found[step]


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for inner in value.values() for each in references(inner)]
    return [each for inner in value for each in references(inner)] if isinstance(value, list) else []


def test_every_topic_is_sent_by_the_operation_of_its_family() -> None:
    told = {
        reference["$ref"].rpartition("/")[2]: name
        for name, operation in DOCUMENT["operations"].items()
        for reference in operation["messages"]
    }
    assert told == {topic.value: family(topic) for topic in Topic}
    for name, operation in DOCUMENT["operations"].items():
        assert operation["x-scopes"] == sorted(READERS[name])
