"""How a fan feels, whether they slip away, and what that means for selling."""

from typing import Any

from calibration import shapes
from calibration.algorithms import habits
from calibration.services.knowledge import know
from privacy.domain import Pair, Purpose


def get_emotional_state(*, fan_id: str, creator_id: str) -> dict[str, Any]:
    """Return the fan's mood now, its history over 30 days, dominant emotions, engagement level and what may be sold.

    Raises:
        NotFound: the fan was never seen.
        Restricted: the data may only be stored.
    """
    known = know(Pair(creator_id, fan_id))
    return {
        **shapes.mood(known.mood()),
        "engagementLevel": habits.engagement_level(known.state.habits, known.as_of),
        "selling": shapes.verdict(known.verdict()),
        "analysed": Purpose.EMOTION_ANALYSIS in known.allowed,
        "asOf": known.as_of,
    }


def detect_disengagement(*, fan_id: str, creator_id: str) -> dict[str, Any]:
    """Return whether the fan will be back within 7 days, and what changed against their own habit.

    Returns:
        basis (enough, not_enough_data, dormant), probability of not coming back, baseline of this creator's fans,
        signals with severity, certainty, factors and suggestedAction, factors of the probability.

    Raises:
        NotFound: the fan was never seen.
        Restricted: the data may only be stored.
    """
    known = know(Pair(creator_id, fan_id))
    return {
        **shapes.disengagement(known.disengagement()),
        "fittedOn": known.priors.returns.example_count,
        "asOf": known.as_of,
    }
