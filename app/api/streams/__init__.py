"""Subscriptions, between the log and the transports: what is asked for becomes a stream of encoded answers."""

from app.api.streams.engine import LiveEngine
from app.live.frames import Closing, Frame
from app.live.stream import Stream

__all__ = ["Closing", "Frame", "LiveEngine", "Stream"]
