"""Fading counts: how often something was tried and how often it went well."""

from dataclasses import dataclass
from datetime import datetime

from calibration.algorithms.beta import Posterior
from calibration.algorithms.decay import days_between, weight


@dataclass(frozen=True, slots=True)
class Tally:
    """Rewards and trials whose weight halves in every half-life.

    Args:
        reward: sum of rewards of 0-1 each, as of ``at``.
        trials: sum of the weights of the trials; not less than ``reward``.
        at: the latest instant; None before the first.
        count: how many trials, without fading.
    """

    reward: float = 0.0
    trials: float = 0.0
    at: datetime | None = None
    count: int = 0

    def add(self, reward: float, at: datetime, half_life_days: float, trials: int = 1) -> "Tally":
        """Return the tally with one more trial; with ``trials`` 0, with more reward for an earlier one."""
        faded = self.as_of(at, half_life_days)
        return Tally(faded.reward + reward, faded.trials + trials, at, self.count + trials)

    def as_of(self, at: datetime, half_life_days: float) -> "Tally":
        """Return what is left at a later instant."""
        if self.at is None:
            return self
        left = weight(days_between(self.at, at), half_life_days)
        return Tally(self.reward * left, self.trials * left, at, self.count)

    def posterior(self, prior: Posterior) -> Posterior:
        """Return the belief about the rate; a reward between 0 and 1 is that share of a success."""
        failures = max(self.trials - self.reward, 0.0)
        return Posterior(prior.alpha + self.reward, prior.beta + failures)
