"""``/metrics`` in Prometheus' text format."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from mock_meta.control.bodies import mock_of
from mock_meta.mock import Mock

router = APIRouter()


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    registry = CollectorRegistry()
    registry.register(_Counters(mock_of(request)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Counters(Collector):
    """What one mock counts anyway: a send is not slowed down for metrics."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock

    def collect(self) -> Iterable[Metric]:
        mock, counters = self._mock, self._mock.ledger.counters
        yield _labelled(
            "requests",
            "Graph API calls by operation and outcome.",
            ["operation", "outcome"],
            counters.requests,
        )
        yield _labelled(
            "webhook_attempts",
            "Webhook attempts by the deployment's HTTP status.",
            ["status"],
            {(status,): count for status, count in counters.webhooks.items()},
        )
        pending, dropped = mock.pending_webhooks, mock.publisher.dropped
        yield GaugeMetricFamily("mock_meta_pending_webhooks", "Statuses not due and deliveries not settled.", pending)
        yield GaugeMetricFamily("mock_meta_in_flight", "Graph API calls being answered.", mock.in_flight)
        suppressed = mock.webhooks.suppressed
        yield CounterMetricFamily("mock_meta_suppressed_webhooks", "Webhooks nobody subscribed to.", suppressed)
        yield CounterMetricFamily("mock_meta_dropped_webhooks", "Webhooks that chaos dropped.", dropped)


def _labelled(name: str, meaning: str, labels: list[str], counts: Mapping[Any, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"mock_meta_{name}", meaning, labels=labels)
    for values, count in sorted(counts.items()):
        family.add_metric(list(values), count)
    return family
