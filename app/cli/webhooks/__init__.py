"""`skooly webhooks`: where events go, what became of them, and sending them again."""

import typer

from app.cli.webhooks import following, managing
from app.cli.webhooks.resealing import reseal

webhooks = typer.Typer(help="Webhooks: endpoints, deliveries, replays.", no_args_is_help=True)

for command in (
    managing.endpoints,
    managing.create,
    managing.rotate,
    managing.pause,
    managing.resume,
    managing.delete,
    managing.test,
    following.deliveries,
    following.delivery,
    following.replay,
    following.recover,
    reseal,
):
    webhooks.command()(command)

__all__ = ["webhooks"]
