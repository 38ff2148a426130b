"""What can go wrong with an operation before a slice has seen it, or in spite of the slices."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.errors import SkoolyError


class OperationRefused(SkoolyError):
    """The operation was not run. Only its kinds are raised."""


class DocumentUnreadable(OperationRefused):
    """The text is not a GraphQL document."""

    code = "GRAPHQL_PARSE_FAILED"
    fr = "Le document GraphQL est illisible : {reason}"
    en = "The GraphQL document cannot be read: {reason}"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One fault the validation found: a message of graphql-core, and where it is (lines and columns from 1)."""

    message: str
    line: int
    column: int


class DocumentInvalid(OperationRefused):
    """The document does not fit the schema; `flaws` says how."""

    code = "GRAPHQL_VALIDATION_FAILED"
    fr = "Le document GraphQL ne correspond pas au schéma : {reason}"
    en = "The GraphQL document does not fit the schema: {reason}"

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__(reason=self.flaws[0].message)


class UnknownOperation(OperationRefused):
    code = "UNKNOWN_OPERATION"
    fr = "Le document ne contient pas une opération unique de ce nom ; précisez operationName."
    en = "The document does not hold exactly one operation of that name; give operationName."


class LimitExceeded(OperationRefused):
    """`limit` is one of the fields of `limits.Limits`, or `tokens`."""

    code = "LIMIT_EXCEEDED"
    fr = "L'opération dépasse la limite « {limit} » : {maximum} au plus."
    en = "The operation exceeds the limit “{limit}”: at most {maximum}."


class CostExceeded(OperationRefused):
    code = "COST_EXCEEDED"
    fr = "L'opération est trop coûteuse : {unit} {measured}, {maximum} au plus. Demandez moins par page."
    en = "The operation costs too much: {unit} {measured}, at most {maximum}. Ask for less a page."


class RateLimited(OperationRefused):
    """`seconds` from now, trying again is right."""

    code = "RATE_LIMITED"
    fr = "Cette clé a dépensé ses {limit} points de la minute. Réessayez dans {seconds} s."
    en = "This key has spent its {limit} points of the minute. Try again in {seconds} s."


class MixedIntrospection(OperationRefused):
    code = "MIXED_INTROSPECTION"
    fr = "L'introspection (__schema, __type) se demande dans une opération à part."
    en = "Introspection (__schema, __type) goes into an operation of its own."


class WaitsBesideOthers(OperationRefused):
    """Of the document and its variables."""

    code = "WAITS_BESIDE_OTHERS"
    fr = "Un champ qui attend (« wait ») se demande seul : retirez les autres champs de l'opération, ou n'attendez pas."
    en = "A field that waits (“wait”) is asked for alone: take the other fields out of the operation, or do not wait."


class NotAStream(OperationRefused):
    """A subscription where one answer is given. Not of the document: over another channel it is right."""

    code = "NOT_A_STREAM"
    fr = "Un abonnement se suit en WebSocket ou en SSE (Accept: text/event-stream), pas par une réponse unique."
    en = "A subscription is followed over WebSocket or SSE (Accept: text/event-stream), not by a single answer."


class InsufficientScope(OperationRefused):
    """The key lacks, for some field, every scope that opens it; `missing` holds those alternatives."""

    code = "INSUFFICIENT_SCOPE"
    fr = "Cette clé n'a pas les droits nécessaires : {scopes}. Demandez à l'école une clé qui les a."
    en = "This key lacks the scopes it needs: {scopes}. Ask the school for a key that has them."

    def __init__(self, missing: Iterable[frozenset[str]]) -> None:
        self.missing = tuple(missing)
        super().__init__(scopes=", ".join(sorted("|".join(sorted(scopes)) for scopes in self.missing)))


class BadUserInput(OperationRefused):
    """A variable cannot be read as its type; `field` is the path to it, `input.lines.0.amount`."""

    code = "BAD_USER_INPUT"
    fr = "« {where} » : {reason_fr}"
    en = "“{where}”: {reason_en}"

    def __init__(self, where: str, *, reason_fr: str, reason_en: str) -> None:
        super().__init__(field=where, where=where, reason_fr=reason_fr, reason_en=reason_en)


class OperationFailed(SkoolyError):
    """The operation was started and did not end, through no fault of the caller. Only its kinds are raised."""


class Timeout(OperationFailed):
    code = "TIMEOUT"
    fr = "L'opération a pris trop de temps et a été interrompue."
    en = "The operation took too long and was stopped."


class Internal(OperationFailed):
    code = "INTERNAL_ERROR"
    fr = "Une erreur inattendue s'est produite. Citez l'identifiant de requête {request_id} au support."
    en = "An unexpected error occurred. Quote the request id {request_id} to support."
