"""How learning stands."""

from collections.abc import Iterator

from django.db.models import Count, Q, Sum
from django.utils import timezone

from calibration.models import Escalation, LearntState
from memory.backlog import EVERYBODY, count_backlog
from ofmemory.infra.observability.requests import Kind, declare
from ofmemory.infra.observability.state import Reading, register_state

_B = "api/of-memory/"
RETRIEVALS = {
    "analyze": [f"POST {_B}analyze"],
    "emotional-state": [f"GET {_B}emotional-state"],
    "disengagement": [f"GET {_B}disengagement"],
    "preferences-predicted": [f"GET {_B}preferences/predicted"],
    "response-style": [f"GET {_B}response-style"],
    "recommendations": [f"GET {_B}recommendations", f"POST {_B}recommendations"],
    "escalations": [f"GET {_B}escalations"],
    "tones": [f"GET {_B}tones"],
}
SAVES = {
    "calibrate": [f"POST {_B}calibrate"],
    "personality-lock": [f"POST {_B}personality/lock"],
    "personality-rollback": [f"POST {_B}personality/rollback"],
    "feedback": [f"POST {_B}feedback"],
    "escalation-clear": [f"POST {_B}escalations/clear"],
}


def register() -> None:
    declare(Kind.RETRIEVAL, RETRIEVALS)
    declare(Kind.SAVE, SAVES)
    register_state("learning", read_learning)
    register_state("escalations", read_escalations)


def read_learning() -> Iterator[Reading]:
    """Return how far learning is behind, and how much was learnt. Looks at counters; nothing is opened."""
    backlog = count_backlog(EVERYBODY)
    lag = (timezone.now() - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0.0
    states = LearntState.objects.aggregate(
        calibrations=Sum("version", default=0), failing=Count("pk", filter=Q(failure_count__gt=0))
    )
    yield Reading("ofmemory_learning_pending_fans", "Fans with something to learn.", backlog.pairs)
    yield Reading("ofmemory_learning_pending_interactions", "Interactions not learnt yet.", backlog.interactions)
    yield Reading("ofmemory_learning_lag_seconds", "How long the one that waits longest has waited.", max(lag, 0.0))
    yield Reading(
        "ofmemory_calibrations",
        "Times that something was learnt about a fan, of fans that are there.",
        states["calibrations"],
    )
    yield Reading("ofmemory_learning_failing_fans", "Fans about whom learning failed last time.", states["failing"])


def read_escalations() -> Iterator[Reading]:
    """Return how many messages wait for a human. The partial index of the open ones answers it."""
    waiting = Escalation.objects.filter(cleared_at=None).count()
    yield Reading("ofmemory_escalations_open", "Messages that call for a human and were not looked at.", waiting)
