"""One budget for each key, over every channel and every process: cost points a minute."""

from app.api.budgets.leases import ValkeyLeases
from app.api.budgets.limiter import DEVICE_FACTOR, Budget, Budgets

__all__ = ["DEVICE_FACTOR", "Budget", "Budgets", "ValkeyLeases"]
