"""Facts held to what the catalogue publishes, and to nothing more."""

from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from app.domains.events.catalogue import CATALOGUE
from app.domains.events.topics import Topic


@cache
def _validator(topic: Topic) -> Draft202012Validator:
    return Draft202012Validator(CATALOGUE[topic].schema(closed=True), validate_formats=True)


def faults(topic: str, facts: dict[str, Any]) -> list[str]:
    """Where facts are not as published; a fact that the catalogue does not know is a fault as well."""
    return [
        f"{topic} {list(error.instance_path)}: {error.message}" for error in _validator(Topic(topic)).iter_errors(facts)
    ]
