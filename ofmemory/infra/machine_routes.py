"""A short way for the routes of machines."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch, resolve

from ofmemory.infra.drf import answer_error, refuse_broken_path
from ofmemory.infra.observability import requests

# Routes of programs: they know no session, no cookie and no form, and every answer is JSON.
PREFIXES = ("/api/of-memory/", "/api/onlyfans/", "/api/auth/", "/health/")


class MachineRoutes:
    """Answer machine routes at once; what comes after it in MIDDLEWARE is for pages.

    Sessions, messages, CSRF and frames cost a quarter of a cached context and have nothing to say about one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._fixed: dict[str, ResolverMatch] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        began, route = time.perf_counter(), "unknown"
        try:
            request.get_host()
            refuse_broken_path(request)
            match = request.resolver_match = self._match(request.path_info)
            route = match.route
            response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        except Exception as error:  # noqa: BLE001 - the last line of defence: every failure has the same shape
            response = answer_error(error)
        # Without it the answer goes out in chunks.
        response.headers["Content-Length"] = str(len(response.content))
        requests.finished(request, response, route=route, seconds=time.perf_counter() - began)
        return response

    def _match(self, path: str) -> ResolverMatch:
        """Look a path up; one without any id in it only once."""
        if path in self._fixed:
            return self._fixed[path]
        match = resolve(path)
        if not match.args and not match.kwargs:
            self._fixed[path] = match
        return match
