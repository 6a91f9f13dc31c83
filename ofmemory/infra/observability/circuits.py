"""How the breakers stand: all that this process knows of its own, and the states of all processes beside it."""

import os
from typing import Any

from django.conf import settings

from ofmemory.infra.observability.metrics import FILES
from ofmemory.infra.observability.publishing import NUMBERS
from ofmemory.infra.resilience.breaker import Snapshot, all_breakers

_STATES = {number: str(state) for state, number in NUMBERS.items()}


def circuits() -> dict[str, Any]:
    """Return what ``/api/of-memory/health/circuits`` answers.

    ``processes`` needs a folder that processes share; elsewhere there is the one that answers.
    """
    own = [breaker.snapshot() for breaker in all_breakers()]
    processes = FILES.samples_by_process("ofmemory_breaker_state") if FILES else {}
    others = [_process(pid, samples) for pid, samples in sorted(processes.items())]
    return {
        "process": os.getpid(),
        "circuits": [_circuit(snapshot) for snapshot in own],
        "processes": others or [_answering(own)],
    }


def _circuit(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": snapshot.name,
        "state": str(snapshot.state),
        "failures": snapshot.failures,
        "successes": snapshot.successes,
        "openedCount": snapshot.opened_count,
        "lastFailureAt": snapshot.last_failure_at,
        "lastFailure": snapshot.last_failure or None,
        "retryInSeconds": round(snapshot.retry_in_seconds, 1),
    }


def _process(pid: int, samples: list[tuple[dict[str, str], float]]) -> dict[str, Any]:
    states = {labels["dependency"]: _STATES.get(int(number), "") for labels, number in samples}
    services = {labels["service"] for labels, _ in samples}
    return {"process": pid, "service": min(services, default=""), "states": states}


def _answering(own: list[Snapshot]) -> dict[str, Any]:
    states = {snapshot.name: str(snapshot.state) for snapshot in own}
    return {"process": os.getpid(), "service": settings.SERVICE, "states": states}
