"""Beta distributions: what is believed about a rate, and which of several rates is the highest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

# The grid of log-odds: dense around 0, sparse far out, where the densities fade. 2,001 points leave an error below
# 1e-4 for rates known from up to a thousand trials (measured against exact values in the tests).
GRID_POINTS = 2001
GRID_REACH = 120.0


@dataclass(frozen=True, slots=True)
class Posterior:
    """A belief about a rate.

    Args:
        alpha: > 0; successes with those of the prior.
        beta: > 0; failures with those of the prior.
    """

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    @property
    def strength(self) -> float:
        """Return how many trials it weighs, those of the prior included."""
        return self.alpha + self.beta

    @property
    def deviation(self) -> float:
        """Return its standard deviation."""
        return math.sqrt(self.mean * (1 - self.mean) / (self.strength + 1))


def prior(mean: float, strength: float) -> Posterior:
    """Return the belief before any trial.

    Args:
        mean: 0-1, both excluded.
        strength: how many trials it weighs.
    """
    return Posterior(mean * strength, (1 - mean) * strength)


def probability_best(posteriors: Mapping[str, Posterior]) -> dict[str, float]:
    """Return for every rate the probability that it is the highest; they sum to 1.

    The integral of ``f_i(x) * product of the other F_j(x)`` over a grid of log-odds ``u = log(x / (1 - x))``, in which
    the density of a Beta is ``x^alpha (1 - x)^beta / B`` and has no poles at 0 and 1.

    Args:
        posteriors: at least one.
    """
    names = sorted(posteriors)
    grid = _grid()
    densities = np.stack([_density(posteriors[name], grid) for name in names])
    cumulative = np.stack([_cumulative(density, grid) for density in densities])
    shares = np.array([_win(densities, cumulative, grid, index) for index in range(len(names))])
    shares = shares / shares.sum()
    return {name: float(share) for name, share in zip(names, shares, strict=True)}


def probability_greater(this: Posterior, other: Posterior) -> float:
    """Return the probability that one rate is higher than another."""
    return probability_best({"this": this, "other": other})["this"]


def probability_above(posterior: Posterior, rate: float) -> float:
    """Return the probability that a rate lies above a fixed one, which is neither 0 nor 1."""
    grid = _grid()
    cumulative = _cumulative(_density(posterior, grid), grid)
    return float(1 - np.interp(math.log(rate / (1 - rate)), grid, cumulative))


def dynamic_prior_mean(incumbent: Posterior, strength: float, win_probability: float) -> float:
    """Return the prior mean that lets a newcomer beat the incumbent with a chosen probability.

    Solves ``(mu - m)^2 = z^2 (m (1 - m) / (strength + 1) + sigma^2)`` for ``m``, ``mu`` and ``sigma`` being the
    incumbent's mean and deviation and ``z`` the normal quantile of ``1 - win_probability``; the lower root.

    Args:
        strength: of the newcomer's prior, in trials.
        win_probability: above 0 and below 0.5.

    Source:
        Zhao et al. 2026, Dynamic Prior Thompson Sampling, arXiv 2602.00943 (normal approximation).
    """
    squared = NormalDist().inv_cdf(1 - win_probability) ** 2
    spread = squared / (strength + 1)
    mean, variance = incumbent.mean, incumbent.deviation**2
    a, b, c = 1 + spread, -(2 * mean + spread), mean**2 - squared * variance
    lowest = (-b - math.sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a)
    return min(max(lowest, 0.01), mean)


def _grid() -> NDArray[np.float64]:
    reach = math.asinh(GRID_REACH)
    return np.sinh(np.linspace(-reach, reach, GRID_POINTS))


def _density(posterior: Posterior, grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density over log-odds, scaled so that it integrates to 1 on the grid."""
    log_rate = -np.logaddexp(0.0, -grid)
    log_rest = -np.logaddexp(0.0, grid)
    logs = posterior.alpha * log_rate + posterior.beta * log_rest
    density = np.exp(logs - logs.max())
    return np.asarray(density / np.trapezoid(density, grid), dtype=np.float64)


def _cumulative(density: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.diff(grid) * (density[1:] + density[:-1]) / 2
    return np.concatenate(([0.0], np.cumsum(steps)))


def _win(
    densities: NDArray[np.float64], cumulative: NDArray[np.float64], grid: NDArray[np.float64], index: int
) -> float:
    others = np.delete(cumulative, index, axis=0)
    return float(np.trapezoid(densities[index] * others.prod(axis=0), grid))
