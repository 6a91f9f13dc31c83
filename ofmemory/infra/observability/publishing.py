"""What a process knows of itself and changes too often to be written down each time: slots and breakers.

A thread looks every second and writes it where scrapes see it; a breaker that changes is written at once.
"""

import os
import threading
from typing import Final

from django.conf import settings

from ofmemory.infra.observability.metrics import (
    BREAKER_OPENED,
    BREAKER_STATE,
    SHED,
    SLOTS_IN_USE,
    SLOTS_SIZE,
    SLOTS_WAITING,
)
from ofmemory.infra.resilience import breaker, slots

EVERY_SECONDS: Final = 1.0
NUMBERS: Final = {breaker.State.CLOSED: 0, breaker.State.HALF_OPEN: 1, breaker.State.OPEN: 2}


class _Publisher:
    def __init__(self) -> None:
        self.after_fork()

    def after_fork(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._shed = 0

    def start(self) -> None:
        """Begin to look, once in a process.

        Called by what a process does first, for threads don't outlive a fork; and never in one that forks: a child
        that is made while a thread counts would wait for that thread's lock for ever.
        """
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, daemon=True, name="publishing")
                    self._thread.start()

    def _run(self) -> None:
        self.publish()
        while not self._stop.wait(EVERY_SECONDS):
            self.publish()

    def publish(self) -> None:
        usage = slots.usage()
        SLOTS_SIZE.set(usage.size)
        SLOTS_IN_USE.set(usage.in_use)
        SLOTS_WAITING.set(usage.waiting)
        SHED.inc(max(usage.shed_count - self._shed, 0))
        self._shed = usage.shed_count
        for each in breaker.all_breakers():
            show(each)


def show(changed: breaker.Breaker) -> None:
    """Write down how a breaker stands."""
    BREAKER_STATE.labels(changed.name, settings.SERVICE).set(NUMBERS[changed.state])


def _changed(changed: breaker.Breaker) -> None:
    show(changed)
    if changed.state is breaker.State.OPEN:
        BREAKER_OPENED.labels(changed.name).inc()


publisher: Final = _Publisher()
os.register_at_fork(after_in_child=publisher.after_fork)
breaker.listeners.append(_changed)
