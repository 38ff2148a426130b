"""A client for partners: the events of a school, in order, each at least once, over restarts on either side.

    from app.client import CursorFile, EventLog, Follower

    log = EventLog("https://skooly.example.org", key=os.environ["SKOOLY_KEY"])
    for event in Follower(log, CursorFile("events.cursor")):
        handle(event)

It needs httpx and nothing else of this project: copy the folder, or import it.
"""

from app.client.cursors import CursorFile, CursorStore, Forgetful
from app.client.errors import ClientError, LogGap, Refused, Unreachable
from app.client.events import Event
from app.client.following import Follower
from app.client.log import EventLog, Page

__all__ = [
    "ClientError",
    "CursorFile",
    "CursorStore",
    "Event",
    "EventLog",
    "Follower",
    "Forgetful",
    "LogGap",
    "Page",
    "Refused",
    "Unreachable",
]
