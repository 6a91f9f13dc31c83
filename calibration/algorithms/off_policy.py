"""What another way of choosing would have brought, from decisions that were logged with their propensities.

With ``w_i = target(a_i) / propensity_i`` (clipped at ``max_weight``) and reward ``r_i``, over ``n`` decisions:

- IPS: mean of ``w_i r_i``. Unbiased without clipping, noisy.
- SNIPS: ``sum w_i r_i / sum w_i``. Slightly biased, steadier (Swaminathan and Joachims 2015).
- DR: mean of ``sum_a target(a) q(a) + w_i (r_i - q(a_i))`` with a direct model ``q``: mean reward of the action in the
  segment, shrunk to the action's and the overall mean, fitted on the other half of the decisions (Dudik, Langford and
  Li 2011, arXiv 1103.4601). Unbiased if the propensities are right, and less noisy the better the model is.

Well-established estimators fail at times (Saito et al. 2020, Open Bandit Dataset, arXiv 2008.07146): trust a
difference only where all three show it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decision:
    """One logged decision.

    Args:
        propensity: probability with which the action was chosen; above 0.
        reward: 0-1.
        segment: what the choice depended on; "" for nothing.
    """

    action: str
    propensity: float
    reward: float
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """A way of choosing.

    Args:
        default: action → probability.
        by_segment: segment → the same, where it differs.
    """

    default: Mapping[str, float]
    by_segment: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def probabilities(self, segment: str) -> Mapping[str, float]:
        """Return action → probability in a segment."""
        return self.by_segment.get(segment, self.default)


@dataclass(frozen=True, slots=True)
class OffPolicyParams:
    """Defaults.

    Args:
        max_weight: importance weights are clipped here; bias for less noise.
        replicates: of the bootstrap.
        model_strength: trials that the overall mean weighs in the direct model.
        least_effective: effective decisions below which the support is called insufficient.
        most_unsupported: share of the target's choices never seen in the log, above which it is.
    """

    max_weight: float = 50.0
    replicates: int = 1000
    model_strength: float = 5.0
    least_effective: float = 30.0
    most_unsupported: float = 0.01


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean reward that the target would have had.

    Args:
        estimator: ips, snips or dr.
        low, high: 95 % bootstrap interval.
        effective_count: (sum of weights)^2 / sum of squared weights.
        clipped_share: of the decisions.
        unsupported_share: of the target's choices that the log has no example of.
        sufficient: False where the log can't answer; ``reason`` says why.
        reason: "", few_effective_decisions or actions_never_tried.
    """

    estimator: str
    value: float
    low: float
    high: float
    count: int
    effective_count: float
    clipped_share: float
    unsupported_share: float
    sufficient: bool
    reason: str


@dataclass(frozen=True, slots=True)
class _Terms:
    rewards: Floats
    weights: Floats
    corrections: Floats
    clipped: float


def evaluate(
    decisions: Sequence[Decision], target: Policy, *, seed: int = 0, params: OffPolicyParams = OffPolicyParams()
) -> list[Estimate]:
    """Return the IPS, SNIPS and DR estimates of a target policy's mean reward.

    Args:
        decisions: in the order in which they were taken; none gives no estimates.
        seed: of the bootstrap; the same seed gives the same intervals.

    Raises:
        ValueError: a propensity isn't in (0, 1].
    """
    if not decisions:
        return []
    if any(not 0 < decision.propensity <= 1 for decision in decisions):
        raise ValueError("Propensities must be above 0 and at most 1.")
    terms = _terms(decisions, target, params)
    draws = _bootstrap(terms, seed, params)
    effective = _effective(terms.weights)
    unsupported = _unsupported(decisions, target)
    reason = _weakness(effective, unsupported, params)
    return [
        Estimate(
            estimator=name,
            value=value,
            low=float(np.quantile(draws[name], 0.025)),
            high=float(np.quantile(draws[name], 0.975)),
            count=len(decisions),
            effective_count=effective,
            clipped_share=terms.clipped,
            unsupported_share=unsupported,
            sufficient=not reason,
            reason=reason,
        )
        for name, value in _estimates(terms).items()
    ]


def _terms(decisions: Sequence[Decision], target: Policy, params: OffPolicyParams) -> _Terms:
    rewards = np.array([decision.reward for decision in decisions])
    raw = np.array([_weight(decision, target) for decision in decisions])
    weights = np.minimum(raw, params.max_weight)
    models = [_DirectModel(decisions[1::2], params), _DirectModel(decisions[0::2], params)]
    direct = np.array([_direct(decision, target, models[i % 2]) for i, decision in enumerate(decisions)])
    fitted = np.array([models[i % 2].reward(decision.segment, decision.action) for i, decision in enumerate(decisions)])
    corrections = direct + weights * (rewards - fitted)
    return _Terms(rewards, weights, corrections, float(np.mean(raw > params.max_weight)))


def _weight(decision: Decision, target: Policy) -> float:
    return target.probabilities(decision.segment).get(decision.action, 0.0) / decision.propensity


class _DirectModel:
    """Mean reward of an action in a segment, shrunk to the action's mean, which is shrunk to the overall mean."""

    def __init__(self, decisions: Sequence[Decision], params: OffPolicyParams) -> None:
        self._strength = params.model_strength
        self._sums: dict[tuple[str, ...], tuple[float, int]] = {}
        for decision in decisions:
            for key in ((), (decision.action,), (decision.action, decision.segment)):
                total, count = self._sums.get(key, (0.0, 0))
                self._sums[key] = (total + decision.reward, count + 1)

    def reward(self, segment: str, action: str) -> float:
        total, count = self._sums.get((), (0.0, 0))
        mean = total / max(count, 1)
        for key in ((action,), (action, segment)):
            total, count = self._sums.get(key, (0.0, 0))
            mean = (total + self._strength * mean) / (count + self._strength)
        return mean


def _direct(decision: Decision, target: Policy, model: _DirectModel) -> float:
    probabilities = target.probabilities(decision.segment)
    return sum(share * model.reward(decision.segment, action) for action, share in probabilities.items())


def _estimates(terms: _Terms) -> dict[str, float]:
    weighted = terms.weights * terms.rewards
    total = float(terms.weights.sum())
    return {
        "ips": float(weighted.mean()),
        "snips": float(weighted.sum()) / total if total > 0 else 0.0,
        "dr": float(terms.corrections.mean()),
    }


def _bootstrap(terms: _Terms, seed: int, params: OffPolicyParams) -> dict[str, list[float]]:
    """Return estimates from resampled decisions; the direct model stays as it is."""
    generator = np.random.default_rng(seed)
    draws: dict[str, list[float]] = {"ips": [], "snips": [], "dr": []}
    count = len(terms.rewards)
    for _ in range(params.replicates):
        drawn = generator.integers(0, count, count)
        again = _Terms(terms.rewards[drawn], terms.weights[drawn], terms.corrections[drawn], 0.0)
        for name, value in _estimates(again).items():
            draws[name].append(value)
    return draws


def _effective(weights: Floats) -> float:
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def _unsupported(decisions: Sequence[Decision], target: Policy) -> float:
    """Return the share of the target's choices of actions that were never taken in their segment."""
    tried = {(decision.segment, decision.action) for decision in decisions}
    missing = [
        sum(
            share
            for action, share in target.probabilities(decision.segment).items()
            if (decision.segment, action) not in tried
        )
        for decision in decisions
    ]
    return sum(missing) / len(missing)


def _weakness(effective: float, unsupported: float, params: OffPolicyParams) -> str:
    if unsupported > params.most_unsupported:
        return "actions_never_tried"
    return "few_effective_decisions" if effective < params.least_effective else ""
