"""Queries resolved by plans that are made once, instead of being interpreted anew for each request."""

from app.api.plans.runner import PlannedRunner

__all__ = ["PlannedRunner"]
