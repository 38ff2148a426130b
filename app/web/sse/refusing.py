"""What nobody reads is refused, in the words of the generated endpoints: a name written wrongly would open too much."""

from collections.abc import Iterable, Sequence

from app.web.answers import PROBLEM_JSON, send_bytes
from app.web.exchange import Exchange, Send
from compat_rest.binding import Place
from compat_rest.problems import Fault, FieldError, Problem, Reason

PREFIX = "/v1"
LONGEST_NAME = 100
_FAULTS = {Place.QUERY: Fault.INVALID_PARAMETERS, Place.BODY: Fault.INVALID_BODY}


def refuse_unknown(place: Place, given: Iterable[str], known: Sequence[str]) -> None:
    """Raises the facade's Problem that names all that is not `known`."""
    choices = {"choices": ", ".join(known) or "–"}
    unknown = [name[:LONGEST_NAME] for name in given if name not in known]
    if unknown:
        errors = [FieldError(name, Reason.UNKNOWN, place, choices) for name in unknown]
        raise Problem.of(_FAULTS[place], errors=errors)


async def send_refusal(send: Send, exchange: Exchange, problem: Problem) -> None:
    body = problem.body(PREFIX, exchange.language, str(exchange.request_id))
    await send_bytes(send, problem.status, body, PROBLEM_JSON, {"content-language": exchange.language})
