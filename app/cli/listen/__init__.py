"""`skooly webhooks listen`: a partner's events at a program of one's own machine, as webhooks would bring them.

It reads the log over the API and posts what it finds, so nothing has to be reachable from outside.
"""

from app.cli.listen.command import listen

__all__ = ["listen"]
