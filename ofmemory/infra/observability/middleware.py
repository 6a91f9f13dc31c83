"""The outermost layer of every request."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from ofmemory.infra.observability import correlation, requests
from ofmemory.infra.observability.publishing import publisher


class CorrelationMiddleware:
    """Take or make the correlation id, and hand it back in the answer; count what is no route of machines."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        if settings.SERVICE == "web":
            # Before the first request: a process that nobody has asked anything yet has slots and breakers too.
            publisher.start()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        current = correlation.begin(request.META.get("HTTP_X_CORRELATION_ID"))
        response = self.get_response(request)
        response.headers[correlation.HEADER] = current
        if not request.path_info.startswith(_machine_prefixes()):
            seconds = time.perf_counter() - began
            requests.finished(request, response, route=_route_of(request), seconds=seconds)
        return response


def _machine_prefixes() -> tuple[str, ...]:
    """Their own layer counts them: it knows the route without looking for it again."""
    from ofmemory.infra.machine_routes import PREFIXES

    return PREFIXES


def _route_of(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is not None:
        return match.route.strip("^$") or "/"
    return "static" if request.path_info.startswith("/static/") else "unmatched"
