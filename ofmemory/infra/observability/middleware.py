"""The outermost layer of every request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from ofmemory.infra.observability import correlation


class CorrelationMiddleware:
    """Take or make the correlation id, and hand it back in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        current = correlation.begin(request.META.get("HTTP_X_CORRELATION_ID"))
        response = self.get_response(request)
        response.headers[correlation.HEADER] = current
        return response
