"""``/metrics``: everything that is measured, as Prometheus reads it."""

import hmac
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ofmemory.embedded import locations
from ofmemory.errors import Unauthorized
from ofmemory.infra.drf import answer_error
from ofmemory.infra.observability.metrics import process_metrics
from ofmemory.infra.observability.publishing import publisher
from ofmemory.infra.observability.state import State


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the metrics of all web processes, and how things stand, to who shows the token.

    Needs neither database nor Redis: what can't be looked at is left out.
    """
    token = token_in_use()
    if not token:
        return answer_error(Http404())
    offered = request.META.get("HTTP_AUTHORIZATION", "")
    if not hmac.compare_digest(offered.encode("utf-8", "surrogateescape"), f"Bearer {token}".encode()):
        return answer_error(Unauthorized())
    publisher.start()
    text, content_type = scraped(request.META.get("HTTP_ACCEPT", ""), with_state=True)
    return HttpResponse(text, content_type=content_type, headers={"Cache-Control": "no-store"})


def scraped(accept: str, *, with_state: bool) -> tuple[bytes, str]:
    """Return the metrics and their content type.

    Args:
        accept: the header of who asks: OpenMetrics, or the plain text that all understand.
        with_state: with what ``state.py`` finds by looking.
    """
    registry = CollectorRegistry()
    registry.register(process_metrics())
    if with_state:
        registry.register(State())
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def token_in_use() -> str:
    """Return the token that opens /metrics; empty where nothing does."""
    return str(settings.METRICS_TOKEN) or (_made_token() if settings.METRICS_TOKEN_MAY_BE_MADE else "")


@lru_cache(maxsize=1)
def _made_token() -> str:
    return locations.ensure_secret(settings.HOME_DIR, "metrics-token")
