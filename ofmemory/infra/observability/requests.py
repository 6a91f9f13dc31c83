"""What is kept of every request: two numbers and one line. Together they cost less than 10 µs."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Final

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from ofmemory.infra.ids import pseudonym
from ofmemory.infra.observability import tracing
from ofmemory.infra.observability.correlation import correlation_id
from ofmemory.infra.observability.lines import lines
from ofmemory.infra.observability.metrics import ERRORS, OTHER, REQUESTS, RETRIEVAL, SAVE, TELEMETRY_LOST
from ofmemory.infra.observability.publishing import publisher

logger = logging.getLogger(__name__)

# From here on a request is slow: the threshold of the alert.
SLOW_SECONDS: Final = 0.3
# Successful answers to probes say nothing and come every few seconds.
PROBES: Final = frozenset({"health/live", "health/ready", "metrics"})
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CACHES: Final = frozenset({"hit", "miss", "degraded", "stale"})
# How many kinds of request are told apart: more than there are, and a bound should a route ever carry an id.
MOST_KINDS: Final = 2000


class Kind(Enum):
    """What a request does to memory."""

    RETRIEVAL = auto()
    SAVE = auto()
    OTHER = auto()


_operations: dict[str, tuple[Kind, str]] = {}


def declare(kind: Kind, operations: Mapping[str, Iterable[str]]) -> None:
    """Say what routes do; rooms do in ``apps.ready()``.

    Args:
        operations: name → "METHOD route", one or more, as the URLconf spells the route.
    """
    for name, routes in operations.items():
        for route in routes:
            _operations[route] = (kind, name)


def operation_of(method: str, route: str) -> tuple[Kind, str]:
    """Return what a route does and what that is called."""
    return _operations.get(f"{method} {route}", (Kind.OTHER, route))


@dataclass(frozen=True, slots=True)
class _Bound:
    """What is the same for all requests of one kind: looked up once, used for each.

    Args:
        line: the middle of the log line; None where none is written.
        slow_line: the same for a request that took long.
    """

    count: Callable[[], None]
    observe: Callable[[float], None]
    route: str
    line: bytes | None
    slow_line: bytes | None


_bound: dict[tuple[str, str | None, int, str | None], _Bound] = {}


def finished(request: HttpRequest, response: HttpResponseBase, *, route: str, seconds: float) -> None:
    """Count a request that was answered, time it, and write its line.

    Whatever goes wrong here, the answer goes out: what was lost is counted.

    Args:
        route: the URL pattern, without any id.
    """
    try:
        _finished(request, response, route, seconds)
    except Exception as error:  # noqa: BLE001 - an answer is never lost for want of a line about it
        _lost("request", error)


def _finished(request: HttpRequest, response: HttpResponseBase, route: str, seconds: float) -> None:
    status = response.status_code
    key = (route, request.method, status, response.headers.get("X-Memory-Cache"))
    bound = _bound.get(key) or _bind(*key)
    bound.count()
    bound.observe(seconds)
    error = _error_of(response) if status >= 400 else ""
    middle = bound.line if seconds < SLOW_SECONDS else bound.slow_line
    if middle is not None:
        _write(request, middle, seconds, error)
    if tracing.is_on():
        tracing.request(request.method or "", bound.route, status, seconds, error)


def _bind(route: str, method: str | None, status: int, cache: str | None) -> _Bound:
    publisher.start()
    if len(_bound) >= MOST_KINDS:
        route = "other"
    method = method if method in METHODS else "other"
    cache = cache if cache in CACHES else "none"
    kind, operation = operation_of(method, route)
    if kind is Kind.RETRIEVAL:
        observe = RETRIEVAL.labels(operation, cache).observe
    elif kind is Kind.SAVE:
        observe = SAVE.labels(operation).observe
    else:
        observe = OTHER.labels(route).observe
    facts = {"operation": operation, "route": route, "method": method, "status": status, "cache": cache}
    line, slow_line = (_middle(facts, is_slow=is_slow) for is_slow in (False, True))
    made = _Bound(REQUESTS.labels(route, method, str(status)).inc, observe, route, line, slow_line)
    if len(_bound) < MOST_KINDS:
        _bound[route, method, status, cache if cache != "none" else None] = made
    return made


def _middle(facts: dict[str, Any], *, is_slow: bool) -> bytes | None:
    status = facts["status"]
    is_problem = status >= 500 or status == 429 or is_slow
    wanted = settings.LOG_REQUESTS == "all" or (settings.LOG_REQUESTS == "problems" and is_problem)
    if not wanted or (facts["route"] in PROBES and not is_problem):
        return None
    level = "error" if status >= 500 else "warning" if is_problem else "info"
    line = {"level": level, "logger": __name__, "event": "request", "service": settings.SERVICE, **facts}
    return b'Z",' + orjson.dumps(line)[1:-1] + b',"correlationId":"'


def _write(request: HttpRequest, middle: bytes, seconds: float, error: str) -> None:
    # Built by hand: it is the same but for five values, and structlog takes ten times as long for it.
    more = f',"error":"{error}"' if error else ""
    about = getattr(request, "about", None)
    if about is not None:
        more += _about(*about)
    line = f'{correlation_id()}","duration_ms":{seconds * 1000:.2f}{more}}}\n'
    # Only a web server has so many that holding them back pays.
    at_once = bool(error) or settings.SERVICE != "web"
    lines.add(b'{"timestamp":"' + _now() + middle + line.encode(), at_once=at_once)


@lru_cache(maxsize=4096)
def _about(creator_id: str, fan_id: str) -> str:
    fan = f',"fan":"{pseudonym(fan_id)}"' if fan_id else ""
    return f',"creator":"{pseudonym(creator_id)}"{fan}'


_second: tuple[int, str] = (0, "")


def _now() -> bytes:
    """Return the time as ISO 8601 without its zone; the text of a second is made once."""
    global _second  # noqa: PLW0603 - one tuple, replaced as a whole
    now = time.time()
    whole, text = _second
    if whole != int(now):
        whole, text = int(now), datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%S")
        _second = whole, text
    return f"{text}.{int((now - whole) * 1e6):06d}".encode()


def _error_of(response: HttpResponseBase) -> str:
    """Return the type of an error answer, and count it."""
    name = "other"
    if isinstance(response, HttpResponse) and response.headers.get("Content-Type", "").startswith("application/json"):
        body = orjson.loads(response.content)
        name = str(body.get("type", name)) if isinstance(body, dict) else name
    known = _known_error(name if name.isidentifier() else "other")
    known.inc()
    return name if name.isidentifier() else "other"


@lru_cache(maxsize=64)
def _known_error(name: str) -> Any:
    return ERRORS.labels(name)


def _lost(part: str, error: Exception) -> None:
    logger.warning("telemetry_lost", extra={"part": part, "error": type(error).__name__})
    with suppress(OSError):  # the very place where numbers are kept may be broken: a full disk, for one
        TELEMETRY_LOST.labels(part).inc()
