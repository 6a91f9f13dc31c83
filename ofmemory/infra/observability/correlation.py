"""One id that follows a request through logs, answers and tasks."""

import re
import secrets
from contextvars import ContextVar
from typing import Final

from ofmemory.infra.ids import pseudonym

HEADER: Final = "X-Correlation-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

# Made by us, or by somebody who makes them likewise: says nothing about anybody.
_RANDOM = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_current: ContextVar[str] = ContextVar("correlation_id", default="")


def begin(offered: str | None) -> str:
    """Start a correlation: the caller's id where it is well-formed, else a new one."""
    value = offered if offered and _WELL_FORMED.fullmatch(offered) else secrets.token_hex(16)
    _current.set(value)
    return value


def unrevealing_id() -> str:
    """Return the id for what is kept for good: one that a client made up, out of who knows what, as its pseudonym."""
    value = _current.get()
    return value if not value or _RANDOM.fullmatch(value) else pseudonym(value)


def correlation_id() -> str:
    """Return the id of what is being done now; empty outside a request."""
    return _current.get()


def end() -> None:
    """Leave the correlation: what this thread does next is something else."""
    _current.set("")
