"""What a worker counts, and what it measures of the whole every quarter of a minute, for Prometheus.

Each worker has an endpoint of its own: what happened can only be counted where it happened. The backlog is that of the
database, the same in every worker: take the maximum, not the sum.
"""

from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric, disable_created_metrics
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.utils import floatToGoString

from app.domains.webhooks.leases import Result
from app.domains.webhooks.measuring import Backlog
from app.domains.webhooks.recording import Recorded

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
BREAKERS = ("closed", "open", "ramp")


class Latencies:
    """A histogram that is told of many requests at once: a tenth of what the library's takes for each."""

    def __init__(self) -> None:
        self._counts = [0] * (len(SECONDS) + 1)
        self._milliseconds = 0

    def observe(self, milliseconds: Iterable[int]) -> None:
        for each, count in Counts(milliseconds).items():
            self._counts[bisect_left(SECONDS, each / 1000)] += count
            self._milliseconds += each * count

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily("skooly_webhook_latency_seconds", "Time of a request.")
        bounds = [*map(floatToGoString, SECONDS), "+Inf"]
        family.add_metric([], list(zip(bounds, accumulate(self._counts), strict=True)), self._milliseconds / 1000)
        return [family]


class DeliveryMetrics:
    def __init__(self) -> None:
        # `…_created` tells when counting began: read as a count it misleads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        registry = self.registry
        self._attempts = Counter("skooly_webhook_attempts", "Requests by outcome.", ["outcome"], registry=registry)
        self._latency = Latencies()
        registry.register(self._latency)
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
        self._latency.observe(result.outcome.latency_ms for result in results)
        self._stale.inc(len(results) - recorded.settled)

    def measured(self, backlog: Backlog) -> None:
        self._due.set(backlog.due)
        self._leased.set(backlog.leased)
        self._oldest.set(backlog.oldest)
        for breaker in BREAKERS:
            self._breakers.labels(breaker).set(backlog.breakers.get(breaker, 0))
