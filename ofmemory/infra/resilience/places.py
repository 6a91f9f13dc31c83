"""Whose connections a thread uses: its own, or those of the slot in which it answers a request."""

import threading
from types import SimpleNamespace


class _Thread(threading.local):
    def __init__(self) -> None:
        self.own = SimpleNamespace()
        self.current = self.own


_thread = _Thread()


def here() -> SimpleNamespace:
    """Return where this thread keeps its connections."""
    return _thread.current


def enter(place: SimpleNamespace) -> None:
    """Use the connections of ``place`` from now on."""
    _thread.current = place


def leave() -> None:
    """Use the thread's own connections again."""
    _thread.current = _thread.own
