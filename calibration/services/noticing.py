"""What learning noticed on its way: messages a human should see, and how well proposed tones were answered."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Coalesce, Least

from calibration.algorithms import selling
from calibration.algorithms.answers import Outcome
from calibration.algorithms.learner import LearnedState
from calibration.algorithms.selling import STOPPING
from calibration.models import Escalation, ToneDecision
from ofmemory.infra.db import insert_new
from privacy.domain import Pair

BY_FAN, BY_FEEDBACK = "fan", "feedback"


def store_escalations(pair: Pair, state: LearnedState) -> None:
    """Store, inside a ``writing`` block, what a human should look at and that is not stored yet."""
    rows = [
        Escalation(
            creator_id=pair.creator_id,
            fan_id=pair.fan_id,
            kind=found.kind,
            severity=found.severity,
            message_id=found.event_id,
            occurred_at=found.at,
        )
        for found in selling.escalations(state.selling)
        if found.kind in STOPPING
    ]
    insert_new(rows)


def store_rewards(pair: Pair, outcomes: Sequence[Outcome]) -> None:
    """Store, inside a ``writing`` block, how the tones that were proposed were answered; a person's word stays."""
    for outcome in outcomes:
        key = _key(outcome.decision_id)
        if key is None:
            continue
        decided = ToneDecision.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id, pk=key)
        reward = outcome.reward if outcome.trials else Coalesce(F("reward"), 0.0) + outcome.reward
        decided.exclude(rewarded_by=BY_FEEDBACK).update(reward=Least(Value(1.0), reward), rewarded_by=BY_FAN)


def _key(given: str) -> UUID | None:
    """Clients put into metadata what they like."""
    try:
        return UUID(given)
    except ValueError:
        return None
