"""The product as it is served: the settings come from the environment."""

from typing import Any


def make() -> Any:
    from app.main import create_app
    from app.settings import load_settings

    return create_app(load_settings())
