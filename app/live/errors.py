"""Why a stream is ended from this side. A stream of a key that is revoked or expires ends with that key's own failure.

StreamError    SlowConsumer · ShuttingDown · KeyChanged · StreamFailed
"""

from app.core.errors import SkoolyError


class StreamError(SkoolyError):
    """Groups what ends a stream that was under way. None of them loses anything: the stream goes on from its cursor."""

    code = "STREAM_ERROR"
    fr = "Le flux est interrompu ; reprenez après le dernier curseur."
    en = "The stream was interrupted; go on after the last cursor."


class SlowConsumer(StreamError):
    code = "SLOW_CONSUMER"
    fr = "Le flux avance plus vite que sa lecture. Reprenez après le dernier curseur, ou demandez latest."
    en = "The stream is faster than its reader. Go on after the last cursor, or ask for latest."


class ShuttingDown(StreamError):
    code = "SHUTTING_DOWN"
    fr = "Ce serveur s'arrête. Reconnectez-vous et reprenez après le dernier curseur."
    en = "This server is shutting down. Connect again and go on after the last cursor."


class KeyChanged(StreamError):
    code = "KEY_CHANGED"
    fr = "Les droits de cette clé ont changé. Recommencez, après le dernier curseur."
    en = "What this key may do has changed. Ask again, after the last cursor."


class StreamFailed(StreamError):
    code = "STREAM_FAILED"
    fr = "Le flux n'a pas pu continuer. L'exploitant est prévenu ; reprenez après le dernier curseur."
    en = "The stream could not go on. The operator is told; go on after the last cursor."
