"""Are the worker and the scheduler there?"""

import time
from collections.abc import Iterator
from typing import Final

from celery import current_app
from django.conf import settings

from ofmemory.infra.diagnosis.caches import opened
from ofmemory.infra.diagnosis.findings import Finding, examines, fail, ok
from ofmemory.infra.observability import heartbeat

_ANSWER_SECONDS: Final = 1.5


@examines("worker", needs=["broker"])
def worker() -> Iterator[Finding]:
    """A worker that is busy does not answer at once; one that did something a moment ago is there as well."""
    silence = _silence(heartbeat.WORKER)
    if silence is not None and silence < heartbeat.SILENT_SECONDS:
        yield ok(f"did something {silence:.0f} s ago")
        return
    answers = current_app.control.ping(timeout=_ANSWER_SECONDS)
    if answers:
        yield ok(f"{len(answers)} answered")
        return
    yield fail(
        "no worker answers" + _since(silence),
        "Nothing is learnt, erasures and exports do not go on, and the audit log stays in Redis.",
        "Start one (image: role `worker`; by hand: celery -A ofmemory.celery worker) and look at its log.",
    )


@examines("scheduler", needs=["broker"])
def scheduler() -> Iterator[Finding]:
    silence = _silence(heartbeat.SCHEDULER)
    if silence is not None and silence < heartbeat.SILENT_SECONDS:
        yield ok(f"sent something {silence:.0f} s ago")
        return
    yield fail(
        "the scheduler sends nothing" + _since(silence),
        "Nothing is swept, no deadline is watched, and nothing is cleaned up.",
        "Start exactly one (image: role `beat`; by hand: celery -A ofmemory.celery beat).",
    )


def _silence(service: str) -> float | None:
    with opened(settings.CELERY_BROKER_URL) as broker:
        last = heartbeat.read(broker)[service]
    return time.time() - last if last else None


def _since(silence: float | None) -> str:
    return "; there was never a sign of it" if silence is None else f"; the last sign of it is {silence:.0f} s old"
