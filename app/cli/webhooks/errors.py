"""What an operator asked for and a school does not have: an operator names a school, a key its own integration."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.failure import CommandFailed
from app.domains.partners.tables import School
from app.domains.webhooks import errors


class EndpointNotFound(CommandFailed):
    """No integration of the school has this endpoint."""


class DeliveryNotFound(CommandFailed):
    """Nothing went to an endpoint of the school under this id."""


@contextmanager
def named_for(school: School) -> Iterator[None]:
    """Raises EndpointNotFound and DeliveryNotFound in an operator's words."""
    try:
        yield
    except errors.EndpointNotFound as error:
        raise EndpointNotFound(
            f"{school.code} has no endpoint “{error.facts['endpoint']}”. ./skooly webhooks endpoints lists them."
        ) from None
    except errors.DeliveryNotFound as error:
        raise DeliveryNotFound(
            f"{school.code} has no delivery “{error.facts['delivery']}”. ./skooly webhooks deliveries lists the latest."
        ) from None
