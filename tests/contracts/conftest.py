"""A demo school for the contracts alone: what they record there is nobody's scene."""

from tests.e2e.conftest import school

__all__ = ["school"]
