"""What a client gave, as plain values."""

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from strawberry import UNSET


def plain(given: Any) -> Any:
    """An input object as a dict of plain values: enums by value, nested inputs alike; what was not given is left out.

    A service takes it as keyword arguments, and an idempotency key remembers it as what was asked.
    """
    if is_dataclass(given) and not isinstance(given, type):
        named = ((each.name, getattr(given, each.name)) for each in fields(given))
        return {name: plain(value) for name, value in named if value is not UNSET}
    if isinstance(given, list | tuple):
        return [plain(each) for each in given]
    return given.value if isinstance(given, Enum) else given
