"""Who wants to know that the work of this thread hangs, waiting for somebody outside."""

import threading
from collections.abc import Callable


class _Now(threading.local):
    told: Callable[[], None] | None = None


_now = _Now()


def tell(hook: Callable[[], None] | None) -> None:
    """Have ``hook`` called when the work of this thread begins to hang; None: nobody any more."""
    _now.told = hook


def begun() -> None:
    """Say that the work of this thread hangs. May be said again and again; it is told once."""
    hook, _now.told = _now.told, None
    if hook is not None:
        hook()
