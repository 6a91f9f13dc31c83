"""What is known of a pair at this moment: what the learners hold, seen from now, within what may be used."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from calibration.algorithms import disengagement, mood, preferences, selling, time_zone
from calibration.algorithms.disengagement import Disengagement
from calibration.algorithms.learner import LearnedState, within
from calibration.algorithms.mood import Mood
from calibration.algorithms.pooling import Priors
from calibration.algorithms.preferences import PreferenceEstimates
from calibration.algorithms.selling import STOPPING, SellingVerdict
from calibration.algorithms.time_zone import FanZone
from calibration.domain import learnable
from calibration.models import Escalation
from calibration.services.priors import priors_of
from calibration.services.states import find_state
from memory.services.reading import usable
from privacy.domain import Pair, Purpose

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of a pair.

    Args:
        allowed: what the fan may be learnt about for; what was learnt for anything else is not looked at.
        as_of: now.
        cleared_at: cues up to then a human has looked at.
    """

    pair: Pair
    allowed: Collection[Purpose]
    state: LearnedState
    priors: Priors
    as_of: datetime
    cleared_at: datetime | None

    def mood(self) -> Mood:
        is_allowed = Purpose.EMOTION_ANALYSIS in self.allowed
        return mood.project(self.state.mood, self.as_of) if is_allowed else Mood()

    def disengagement(self) -> Disengagement:
        return disengagement.disengagement(self.state.habits, self.priors.returns, self.as_of)

    def verdict(self) -> SellingVerdict:
        signals = self.disengagement().signals
        return selling.verdict(self.state.selling, self.mood(), signals, self.as_of, cleared_at=self.cleared_at)

    def preferences(self) -> PreferenceEstimates:
        return preferences.project(
            self.state.preferences,
            self.as_of,
            base_rates=self.priors.categories,
            topic_base_rates=self.priors.topics,
        )

    def zone(self) -> FanZone:
        return time_zone.zone_of(self.state.zone, day=self.priors.day)


def know(pair: Pair) -> Knowledge:
    """Return what is known of a pair.

    Raises:
        NotFound: the fan was never seen.
        Restricted: the data may only be stored.
    """
    allowed = learnable(usable(pair))
    state = within(find_state(pair), allowed)
    return Knowledge(pair, allowed, state, priors_of(pair.creator_id), timezone.now(), cleared_at(pair, state))


def cleared_at(pair: Pair, state: LearnedState) -> datetime | None:
    """Return the instant up to which a human has looked at everything that was noticed; None where nobody did."""
    if STOPPING.isdisjoint(state.selling.latest):
        return None
    rows = Escalation.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id)
    found = list(rows.values_list("cleared_at", "occurred_at"))
    still_open = [occurred_at for looked_at, occurred_at in found if looked_at is None]
    if still_open:
        return min(still_open) - _INSTANT
    return max((looked_at for looked_at, _ in found if looked_at), default=None)
