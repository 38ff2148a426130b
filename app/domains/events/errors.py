"""What can go wrong with the log of a school."""

from app.core.errors import SkoolyError


class LogError(SkoolyError):
    """The log refused."""

    code = "LOG_ERROR"
    fr = "Le journal des événements a refusé l'écriture."
    en = "The event log refused the write."


class LogNotOpened(LogError):
    """The school has no log: it was not made by `create_school`. Nothing of the transaction is kept."""

    code = "LOG_NOT_OPENED"
    fr = "Cette école n'a pas de journal des événements."
    en = "This school has no event log."
