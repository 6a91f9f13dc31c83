"""Asking something that may hang, without hanging oneself."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import connections

T = TypeVar("T")


class Watched(Generic[T]):
    """A question that is asked in a thread of its own: by one caller at a time, at most every few seconds.

    A server that is frozen answers nobody and refuses nobody; who asks it waits. Here the one thread that asks may
    wait, and whoever wants the answer gets the last one, or none, by their own deadline.

    Args:
        ask: may raise, may hang.
        fresh_seconds: how long an answer is good.
        share: at most this part of the time goes into asking: what takes long is asked more rarely.
    """

    def __init__(self, ask: Callable[[], T], *, fresh_seconds: float, share: float = 1.0) -> None:
        self._ask, self._fresh, self._share = ask, fresh_seconds, share
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._answer: T | None = None
        self._error: BaseException | None = None
        self._good_until = 0.0
        self._asked_at = 0.0
        self._done = threading.Event()
        self._done.set()

    def start(self) -> None:
        """See to it that the question is being asked, unless the last answer is still good."""
        with self._lock:
            if not self._done.is_set() or time.monotonic() < self._good_until:
                return
            self._done, self._asked_at = threading.Event(), time.monotonic()
            threading.Thread(target=self._run, args=(self._done,), daemon=True, name="watched").start()

    def wait(self, seconds: float) -> bool:
        """Wait for the answer; return whether there is one now, good or bad, from the question asked last."""
        return self._done.wait(max(seconds, 0.0))

    @property
    def asking_seconds(self) -> float:
        """For how long the question has been asked without an answer; 0 where it was answered."""
        return 0.0 if self._done.is_set() else time.monotonic() - self._asked_at

    @property
    def answer(self) -> T | None:
        """The last answer, None where the last question failed or none was asked."""
        return self._answer

    @property
    def error(self) -> BaseException | None:
        """Why the last question failed."""
        return self._error

    def reset(self) -> None:
        """Forget everything, as in a fork: the thread that asks stayed behind."""
        self._lock = threading.Lock()
        self._forget()

    def _run(self, done: threading.Event) -> None:
        began = time.monotonic()
        answer: T | None = None
        error: BaseException | None = None
        try:
            answer = self._ask()
        except Exception as failure:  # noqa: BLE001 - whoever asked is told; a thread has nobody to raise to
            error = failure
        finally:
            connections.close_all()
        with self._lock:
            took = time.monotonic() - began
            self._answer, self._error = answer, error
            self._good_until = time.monotonic() + max(self._fresh, took / self._share - took)
            done.set()
