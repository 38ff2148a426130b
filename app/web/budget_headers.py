"""`RateLimit-Policy` and `RateLimit`, as the IETF draft of May 2026 has them (draft-ietf-httpapi-ratelimit-headers)."""

from app.api.budgets import Budget
from app.api.budgets.leases import SECONDS

POLICY = "cost"
"""The name of the one policy: what is counted are cost points, not requests."""


def budget_headers(budget: Budget) -> list[tuple[bytes, bytes]]:
    """`q` points are given for `w` seconds; `r` of them remain, and after `t` seconds all of them are there again."""
    policy = f'"{POLICY}";q={budget.limit};w={SECONDS}'
    left = f'"{POLICY}";r={budget.remaining};t={budget.seconds}'
    return [(b"ratelimit-policy", policy.encode("ascii")), (b"ratelimit", left.encode("ascii"))]
