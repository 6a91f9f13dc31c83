"""How many requests a process of the web server runs at once, and what becomes of the others.

A request takes one of a few *slots*, and with it that slot's database connections. The web server has many more threads
than there are slots: they wait here, for a moment only, instead of in a queue that nobody sees. Who waits too long, or
would have to, is told 503 and when to come back; that costs a tenth of a millisecond, so a flood drains at once. Probes
of health, and bodies that arrive slowly, need no slot.
"""

import io
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, connections
from django.http import HttpResponseBase

from ofmemory.embedded.commands import THREADS_PER_SLOT
from ofmemory.errors import Overloaded
from ofmemory.infra.observability import correlation
from ofmemory.infra.resilience import deadline, hanging, places

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

Environ = dict[str, Any]
# Django's, or ours of a few bytes.
Answer = HttpResponseBase | list[bytes]

# So many requests a slot may hang without keeping the others from running.
LENT_PER_SLOT: Final = 4
# Who watches over us must be answered whatever hangs.
WITHOUT_SLOT: Final = ("/health/live", "/health/ready", "/metrics")
_MEMORY: Final = 0.05


@dataclass(frozen=True, slots=True)
class Usage:
    """How busy this process is; ``size`` 0 where it is no web server."""

    size: int = 0
    in_use: int = 0
    waiting: int = 0
    shed_count: int = 0


@dataclass(slots=True)
class Slot:
    """A place to run, and what belongs to it: connections to the databases and to Redis.

    Args:
        is_replaced: whoever runs here hangs, and another slot was made meanwhile; this one ends with the request.
    """

    place: SimpleNamespace = field(default_factory=SimpleNamespace)
    is_replaced: bool = False


class _Connections:
    """Where ``django.db.connections`` keeps its wrappers, in place of a store by thread."""

    def __getattr__(self, alias: str) -> Any:
        return getattr(places.here(), alias)

    def __setattr__(self, alias: str, connection: Any) -> None:
        setattr(places.here(), alias, connection)

    def __delattr__(self, alias: str) -> None:
        delattr(places.here(), alias)


class Slots:
    """The slots of a process.

    Args:
        size: how many requests run at once.
        wait_seconds: how long one waits for its turn.
    """

    def __init__(self, size: int, wait_seconds: float) -> None:
        self._size, self._wait_seconds = size, wait_seconds
        self._free: SimpleQueue[Slot] = SimpleQueue()
        for _ in range(size):
            self._free.put(Slot())
        self._lock = threading.Lock()
        self._waiting = self._shed = self._lent = 0
        # Of how long a request holds its slot, lately.
        self._mean_seconds = 0.0

    def take(self) -> Slot | None:
        """Return a slot, or None where none gets free in time."""
        try:
            return self._free.get_nowait()
        except Empty:
            return self._take_later()

    def lend(self, slot: Slot) -> None:
        """Make a slot for others while the one in this one hangs: it needs no processor, and they may need nobody."""
        with self._lock:
            if self._lent >= self._size * LENT_PER_SLOT:
                return
            self._lent += 1
            slot.is_replaced = True
        self._free.put(Slot())

    def give_back(self, slot: Slot, held_seconds: float) -> None:
        """Take a slot back from this thread, which still has its connections."""
        if slot.is_replaced:
            # Another has its place.
            connections.close_all()
            with self._lock:
                self._lent -= 1
            return
        self._mean_seconds += _MEMORY * (held_seconds - self._mean_seconds)
        self._free.put(slot)

    def usage(self) -> Usage:
        return Usage(self._size, self._size + self._lent - self._free.qsize(), self._waiting, self._shed)

    def _take_later(self) -> Slot | None:
        with self._lock:
            is_hopeless = self._waiting * self._mean_seconds / self._size > self._wait_seconds
            self._waiting += not is_hopeless
            self._shed += is_hopeless
        if is_hopeless:
            return None
        try:
            return self._free.get(timeout=self._wait_seconds)
        except Empty:
            with self._lock:
                self._shed += 1
            return None
        finally:
            with self._lock:
                self._waiting -= 1


class Admission:
    """The WSGI application with slots around it.

    Args:
        application: Django's.
        slots: of this process.
    """

    def __init__(self, application: WSGIHandler, slots: Slots) -> None:
        self._application, self._slots = application, slots
        self._bodies = threading.BoundedSemaphore(slots.usage().size * THREADS_PER_SLOT // 2)
        connections._connections = _Connections()  # type: ignore[attr-defined]  # Django has no door for it

    def __call__(self, environ: Environ, start_response: "StartResponse") -> Answer:
        if environ["PATH_INFO"] in WITHOUT_SLOT:
            return self._without_slot(environ, start_response)
        if not self._has_read_body(environ):
            return refuse(environ, start_response)
        came_at = time.monotonic()
        slot = self._slots.take()
        return self._within(slot, came_at, environ, start_response) if slot else refuse(environ, start_response)

    def _within(self, slot: Slot, came_at: float, environ: Environ, start_response: "StartResponse") -> Answer:
        began = time.monotonic()
        places.enter(slot.place)
        deadline.arrive(came_at)
        before = deadline.begin(settings.REQUEST_SECONDS["long"])
        hanging.tell(partial(self._slots.lend, slot))
        try:
            return self._application(environ, start_response)
        finally:
            hanging.tell(None)
            deadline.end(before)
            deadline.arrive(None)
            try:
                close_old_connections()
            finally:
                self._slots.give_back(slot, time.monotonic() - began)
                places.leave()

    def _without_slot(self, environ: Environ, start_response: "StartResponse") -> Answer:
        try:
            return self._application(environ, start_response)
        finally:
            # A thread keeps none of its own: there are many.
            connections.close_all()

    def _has_read_body(self, environ: Environ) -> bool:
        """Read the body before a slot is taken: who sends a byte a second must not hold one. Not more than is allowed.

        Returns:
            False where too many are sending slowly already.
        """
        length = environ.get("CONTENT_LENGTH")
        if length in (None, "", "0") and "HTTP_TRANSFER_ENCODING" not in environ:
            return True
        if length and (not length.isascii() or not length.isdigit() or int(length) > settings.MAX_BODY_BYTES):
            return True  # refused by who reads it, unread
        if not self._bodies.acquire(blocking=False):
            return False
        try:
            environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(settings.MAX_BODY_BYTES + 1))
        except OSError:
            environ["wsgi.input"] = io.BytesIO()  # gone: shorter than it said, and refused for it
        finally:
            self._bodies.release()
        return True


def refuse(environ: Environ, start_response: "StartResponse") -> Answer:
    """Answer that there is too much to do just now, without Django's help."""
    current, error = correlation.begin(environ.get("HTTP_X_CORRELATION_ID")), Overloaded()
    said = {"error": error.message, "type": error.type, "correlationId": current, "details": {}}
    body = orjson.dumps(said)
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Retry-After", str(error.retry_after_seconds)),
        ("Cache-Control", "no-store"),
        (correlation.HEADER, current),
    ]
    start_response("503 Service Unavailable", headers)
    return [body]


_slots: list[Slots] = []


def admitting(application: WSGIHandler) -> Admission:
    """Return the application as the web server runs it."""
    _slots[:] = [Slots(settings.REQUEST_SLOTS, settings.REQUEST_WAIT_SECONDS)]
    return Admission(application, _slots[0])


def usage() -> Usage:
    """Return how busy this process is."""
    return _slots[0].usage() if _slots else Usage()
