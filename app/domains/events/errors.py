"""What can go wrong with the log of a school.

LogError
├── LogNotOpened · LogBroken
├── LogGap
└── TopicError    TopicUnknown (TopicNowhere) · TopicClosed
"""

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


class LogBroken(LogError):
    """A position is missing: never to be seen, and never to be passed over in silence."""

    code = "LOG_BROKEN"
    fr = "Le journal des événements a un trou après la position {position}. L'exploitant est prévenu."
    en = "The event log has a hole after position {position}. The operator is told."


class LogGap(LogError):
    """What the reader needs next is gone, or its place is from a past that this server does not have.

    `oldest`, among the facts, is the place from which it can go on.
    """

    code = "LOG_GAP"
    fr = (
        "Le journal ne reprend plus ici : des événements sont effacés, ou le serveur a été restauré. Relisez l'état "
        "des choses par l'API, puis repartez de oldestAvailable."
    )
    en = (
        "The log does not go on from here: events were dropped, or the server was restored. Read how things stand "
        "over the API, then go on from oldestAvailable."
    )


class TopicError(LogError):
    """Groups the refusals of a topic."""

    code = "TOPIC_ERROR"
    fr = "Le sujet est refusé."
    en = "The topic is refused."


class TopicUnknown(TopicError):
    code = "TOPIC_UNKNOWN"
    fr = "Aucun événement ne s'appelle « {topic} ». Ouverts à cette clé : {known}."
    en = "No event is called “{topic}”. Open to this key: {known}."


class TopicNowhere(TopicUnknown):
    """Where what the caller's key opens is not what matters, or where there is no key."""

    fr = "Aucun événement ne s'appelle « {topic} ». Il y a : {known}."
    en = "No event is called “{topic}”. There are: {known}."


class TopicClosed(TopicError):
    code = "TOPIC_CLOSED"
    fr = "Cette clé ne peut pas lire « {topic} » : il lui faut {scopes}."
    en = "This key may not read “{topic}”: it needs {scopes}."
