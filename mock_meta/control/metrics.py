"""``/metrics`` in Prometheus' text format."""

from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from mock_meta.control.bodies import mock_of
from mock_meta.mock import Mock

router = APIRouter()


@router.get("/metrics")
async def metrics(request: Request) -> PlainTextResponse:
    text = "\n".join(_lines(mock_of(request))) + "\n"
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


def _lines(mock: Mock) -> Iterable[str]:
    counters = mock.ledger.counters
    yield "# HELP mock_meta_requests_total Graph API calls by operation and outcome."
    yield "# TYPE mock_meta_requests_total counter"
    for (operation, outcome), count in sorted(counters.requests.items()):
        yield f'mock_meta_requests_total{{operation="{operation}",outcome="{outcome}"}} {count}'
    yield "# HELP mock_meta_webhook_attempts_total Webhook attempts by the deployment's HTTP status."
    yield "# TYPE mock_meta_webhook_attempts_total counter"
    for status, count in sorted(counters.webhooks.items()):
        yield f'mock_meta_webhook_attempts_total{{status="{status}"}} {count}'
    yield from _single(
        "pending_webhooks", "gauge", "Statuses not due and deliveries not settled.", mock.pending_webhooks
    )
    yield from _single("in_flight", "gauge", "Graph API calls being answered.", mock.in_flight)
    yield from _single(
        "suppressed_webhooks_total", "counter", "Webhooks nobody subscribed to.", mock.webhooks.suppressed
    )
    yield from _single("dropped_webhooks_total", "counter", "Webhooks that chaos dropped.", mock.carrier.dropped)


def _single(name: str, kind: str, meaning: str, value: int) -> Iterable[str]:
    yield f"# HELP mock_meta_{name} {meaning}"
    yield f"# TYPE mock_meta_{name} {kind}"
    yield f"mock_meta_{name} {value}"
