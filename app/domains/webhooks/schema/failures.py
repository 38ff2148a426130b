"""What mutations of webhooks answer with where nothing was done."""

from app.core.graph.failure import Failure, failure
from app.core.outbound import errors as outbound
from app.domains.events.errors import TopicError
from app.domains.webhooks import errors


@failure(errors.EndpointNotFound, description="This integration has no such endpoint.")
class EndpointNotFoundFailure(Failure):
    pass


@failure(errors.TooManyEndpoints, description="An integration has a bounded number of endpoints.")
class TooManyEndpointsFailure(Failure):
    pass


@failure(TopicError, description="A topic is unknown, or closed to this key; `code` says which.")
class TopicErrorFailure(Failure):
    pass


@failure(errors.EndpointInvalid, description="An endpoint cannot be like this; `field` names the input at fault.")
class EndpointInvalidFailure(Failure):
    pass


@failure(outbound.UrlRefused, description="Webhooks cannot be sent to this URL; `code` says why.")
class UrlRefusedFailure(Failure):
    pass


@failure(outbound.HeaderRefused, description="A header cannot be like this; `code` says why.")
class HeaderRefusedFailure(Failure):
    pass


@failure(errors.SecretError, description="A secret cannot be taken or rotated like this; `code` says why.")
class SecretErrorFailure(Failure):
    pass


@failure(errors.DeliveryNotFound, description="No delivery of this integration has this id.")
class DeliveryNotFoundFailure(Failure):
    pass


@failure(errors.ReplayError, description="This cannot be sent again; `code` says why.")
class ReplayErrorFailure(Failure):
    pass
