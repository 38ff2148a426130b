"""What is decided about endpoints: made and changed, their secrets, what is sent again."""

from app.domains.webhooks.service.endpoints import (
    NewEndpoint,
    create_endpoint,
    delete_endpoint,
    pause_endpoint,
    resume_endpoint,
    send_test_event,
    update_endpoint,
)
from app.domains.webhooks.service.replays import ReplayFilter, recover_deliveries, replay_deliveries, replay_delivery
from app.domains.webhooks.service.secrets import OVERLAP, rotate_secret, unseal

__all__ = [
    "OVERLAP",
    "NewEndpoint",
    "ReplayFilter",
    "create_endpoint",
    "delete_endpoint",
    "pause_endpoint",
    "recover_deliveries",
    "replay_deliveries",
    "replay_delivery",
    "resume_endpoint",
    "rotate_secret",
    "send_test_event",
    "unseal",
    "update_endpoint",
]
