"""Counts and durations of requests, for Prometheus.

Counted here in plain dictionaries and handed over when scraped: a third of a microsecond a request, where the
library's own labelled histograms take several. Labels are bounded: route templates, methods we know, statuses.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from app.web.answers import send_bytes
from app.web.exchange import Receive, Scope, Send, exchange_of

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
Labels = tuple[str, str, int]


class _Series:
    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0


class RequestMetrics(Collector):
    """Requests by method, route template and status."""

    def __init__(self) -> None:
        self._series: dict[Labels, _Series] = {}
        self._closed: Counter[int] = Counter()
        self.in_flight = 0
        self.sockets = 0

    def closed(self, code: int) -> None:
        """A socket has ended; 0 is the code of one that the client ended."""
        self._closed[code] += 1

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        labels = (method if method in METHODS else "OTHER", route, status)
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = _Series()
        series.counts[bisect_left(BUCKETS, seconds)] += 1
        series.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily("skooly_http_requests_in_flight", "Requests being answered.")
        gauge.add_metric([], self.in_flight)
        yield gauge
        sockets = GaugeMetricFamily("skooly_sockets_open", "WebSockets that are open.")
        sockets.add_metric([], self.sockets)
        yield sockets
        closed = CounterMetricFamily("skooly_sockets_closed", "WebSockets that have ended.", labels=["code"])
        for code, count in sorted(self._closed.items()):
            closed.add_metric([str(code)], count)
        yield closed
        family = HistogramMetricFamily(
            "skooly_http_request_duration_seconds",
            "Time from the request's first byte to the end of its answer.",
            labels=["method", "route", "status"],
        )
        for (method, route, status), series in sorted(self._series.items()):
            buckets, total = [], 0
            for bound, count in zip((*BUCKETS, float("inf")), series.counts, strict=True):
                total += count
                buckets.append(("+Inf" if bound == float("inf") else repr(bound), float(total)))
            family.add_metric([method, route, str(status)], buckets, series.seconds)
        yield family


def make_registry(*collectors: Collector) -> CollectorRegistry:
    """A registry of this application alone: several may live in one process."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    PlatformCollector(registry)
    ProcessCollector(registry=registry)
    GCCollector(registry)
    return registry


class MetricsEndpoint:
    """`GET /metrics`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange_of(scope).route = "/metrics"
        await send_bytes(send, 200, generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4)
