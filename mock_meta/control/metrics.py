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
    yield from _gauge("pending_webhooks", "Statuses not yet due and deliveries not yet settled.", mock.pending_webhooks)
    yield from _gauge("in_flight", "Graph API calls being answered.", mock.in_flight)
    yield from _gauge("suppressed_webhooks", "Webhooks not sent for lack of a subscription.", mock.webhooks.suppressed)


def _gauge(name: str, meaning: str, value: int) -> Iterable[str]:
    yield f"# HELP mock_meta_{name} {meaning}"
    yield f"# TYPE mock_meta_{name} gauge"
    yield f"mock_meta_{name} {value}"
