"""What a worker counts, and what it measures of the whole every quarter of a minute, for Prometheus.

Each worker has an endpoint of its own: what happened can only be counted where it happened. The backlog is that of the
database, the same in every worker: take the maximum, not the sum.
"""

from collections import Counter as Counts
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.domains.webhooks.measuring import Backlog
from app.domains.webhooks.recording import Recorded, Result

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
BREAKERS = ("closed", "open", "ramp")


class DeliveryMetrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._attempts = Counter("skooly_webhook_attempts", "Requests by outcome.", ["outcome"], registry=registry)
        self._latency = Histogram(
            "skooly_webhook_latency_seconds", "Time of a request.", registry=registry, buckets=SECONDS
        )
        self._made = Counter("skooly_webhook_deliveries", "Deliveries made from the log.", registry=registry)
        self._stale = Counter("skooly_webhook_leases_lost", "Results that came too late.", registry=registry)
        self._due = Gauge("skooly_webhook_due", "Deliveries that are due.", registry=registry)
        self._leased = Gauge("skooly_webhook_leased", "Deliveries being sent.", registry=registry)
        self._oldest = Gauge("skooly_webhook_oldest_due_seconds", "Age of the oldest due delivery.", registry=registry)
        self._breakers = Gauge("skooly_webhook_endpoints", "Active endpoints.", ["breaker"], registry=registry)

    def expanded(self, deliveries: int) -> None:
        self._made.inc(deliveries)

    def settled(self, results: Sequence[Result], recorded: Recorded) -> None:
        for kind, count in Counts(result.outcome.kind for result in results).items():
            self._attempts.labels(kind.value).inc(count)
        for result in results:
            self._latency.observe(result.outcome.latency_ms / 1000)
        self._stale.inc(len(results) - recorded.settled)

    def measured(self, backlog: Backlog) -> None:
        self._due.set(backlog.due)
        self._leased.set(backlog.leased)
        self._oldest.set(backlog.oldest)
        for breaker in BREAKERS:
            self._breakers.labels(breaker).set(backlog.breakers.get(breaker, 0))
