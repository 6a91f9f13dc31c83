"""What each tone would bring a creator, from decisions that were logged with how likely they were."""

from typing import Any

from calibration import shapes
from calibration.algorithms.off_policy import Decision, Policy, evaluate
from calibration.models import ToneDecision
from memory.domain import Tone

# The latest decisions say how fans answer now.
MOST = 20_000


def evaluate_tones(*, creator_id: str) -> dict[str, Any]:
    """Return how well the tones were answered, and how well each alone would have been, by three estimators.

    Returns:
        decisions (with a known outcome), meanReward, tones: for each of the six the estimates ips, snips and dr with
        95 % intervals, and whether there is enough to tell.
    """
    rows = ToneDecision.objects.filter(creator_id=creator_id, reward__isnull=False).order_by("-created_at")[:MOST]
    decisions = [Decision(row.tone, row.propensity, row.reward or 0.0) for row in rows]
    return {
        "decisions": len(decisions),
        "meanReward": shapes.rounded(sum(one.reward for one in decisions) / len(decisions)) if decisions else None,
        "tones": {tone.value: [shapes.estimate(one) for one in _estimates(decisions, tone)] for tone in Tone},
    }


def _estimates(decisions: list[Decision], tone: Tone) -> Any:
    return evaluate(decisions, Policy({tone.value: 1.0}))
