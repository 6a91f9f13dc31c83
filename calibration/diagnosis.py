"""What doctor asks about learning."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from calibration.models import LearntState
from memory.backlog import EVERYBODY, count_backlog
from ofmemory.infra.diagnosis.findings import Finding, examines, fail, ok, warn

_LATE, _TOO_LATE = timedelta(minutes=5), timedelta(hours=1)


@examines("learning", needs=["migrations"])
def learning() -> Iterator[Finding]:
    """How far it is behind, and whom it fails with."""
    found = count_backlog(EVERYBODY)
    waits = timezone.now() - found.oldest_at if found.oldest_at else timedelta(0)
    said = f"{found.pairs} pairs have {found.interactions} interactions to learn"
    if waits < _LATE:
        yield ok(said)
    else:
        level = fail if waits > _TOO_LATE else warn
        yield level(
            f"{said}, the longest for {waits.total_seconds() / 60:.0f} minutes",
            "What is handed out lags behind what was said.",
            "Is the worker there? `manage.py learn` takes everything in now; WORKER_CONCURRENCY makes it faster.",
        )
    failed = LearntState.objects.filter(failure_count__gt=0).count()
    if failed:
        yield warn(
            f"learning failed with {failed} pairs and waits to try again",
            "What was learnt about them before stays in use.",
            "The log says why (learning_failed); `manage.py learn --retry` tries again now.",
        )
