"""Which tone to speak in: a discounted Thompson bandit over the six tones.

Every tone has a belief Beta(alpha, beta) about the reward of a turn in it (``answers``). A reward ``r`` counts as ``r``
of a success and ``1 - r`` of a failure; both halve in every half-life, the prior doesn't. The persona's tone begins at
the creator's base rate; the others begin where they beat it with the chosen probability, so that they are tried as
often as that and no more.

Sources: Thompson 1933; discounting: Raj and Kalyani 2017, arXiv 1707.09727; priors: Zhao et al. 2026,
arXiv 2602.00943.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate
from uuid import UUID

from calibration.algorithms import beta
from calibration.algorithms.answers import Outcome
from calibration.algorithms.beta import Posterior
from calibration.algorithms.decay import days_between, weight
from calibration.algorithms.tally import Tally
from calibration.algorithms.tone_words import read_tone, tone_of
from calibration.domain import MAX_EVIDENCE
from memory.domain import Tone

__all__ = [
    "ToneChoice",
    "ToneParams",
    "ToneState",
    "base_rate",
    "choose",
    "favourite",
    "learn",
    "posteriors",
    "read_tone",
    "tone_of",
]


@dataclass(frozen=True, slots=True)
class ToneParams:
    """Defaults, chosen by simulation: a new fan hears the persona's tone in two of three turns, and a handful of good
    answers to another tone is enough to follow it.

    Args:
        base_rate: mean reward of the creator's messages, see ``base_rate``; 0-1, both excluded.
        persona_strength: how many trials the belief in the persona's tone weighs.
        other_strength: the same for every other tone.
        win_probability: that a tone never tried is better than the persona's; above 0, below 0.5.
        least_interactions: before these the tone is the persona's.
        exploration: share of choices spread evenly over all allowed tones, so that none is impossible.
        switch_probability: that another tone is better than the persona's, from which it becomes the profile's.
    """

    half_life_days: float = 45.0
    base_rate: float = 0.45
    persona_strength: float = 4.0
    other_strength: float = 2.0
    win_probability: float = 0.1
    least_interactions: int = 5
    exploration: float = 0.02
    switch_probability: float = 0.6


@dataclass(frozen=True, slots=True)
class ToneState:
    """Tallies by tone, and the latest turns behind each."""

    tones: dict[str, Tally] = field(default_factory=dict)
    evidence: dict[str, tuple[UUID, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToneChoice:
    """A decision, and all that is needed to judge it later.

    Args:
        propensity: probability with which this tone was chosen.
        propensities: of all allowed tones; they sum to 1.
        best: probability that each is the best, before exploration was mixed in.
        reason: too_few_interactions (the persona's tone, for certain) or sampled.
    """

    tone: Tone
    propensity: float
    propensities: dict[str, float]
    best: dict[str, float]
    reason: str


def learn(state: ToneState, outcomes: Sequence[Outcome], params: ToneParams = ToneParams()) -> ToneState:
    """Return the state after further outcomes; those of no known tone teach nothing."""
    for outcome in outcomes:
        if outcome.tone is not None:
            state = _count(state, outcome.tone.value, outcome, params)
    return state


def base_rate(tallies: Sequence[Tally], params: ToneParams = ToneParams(), *, prior_strength: float = 20.0) -> float:
    """Return a creator's base rate: the mean reward over all fans, shrunk towards the default while there are few.

    Args:
        tallies: of all tones of all the creator's fans.
        prior_strength: how many trials the default weighs.
    """
    rewards = sum(tally.reward for tally in tallies) + prior_strength * params.base_rate
    return rewards / (sum(tally.trials for tally in tallies) + prior_strength)


def posteriors(
    state: ToneState, persona: Tone, as_of: datetime, params: ToneParams = ToneParams()
) -> dict[str, Posterior]:
    """Return what is believed about each of the six tones."""
    return {
        tone.value: state.tones.get(tone.value, Tally()).as_of(as_of, params.half_life_days).posterior(before)
        for tone, before in _priors(persona, params).items()
    }


def favourite(
    beliefs: Mapping[str, Posterior],
    persona: Tone,
    params: ToneParams = ToneParams(),
    *,
    allowed: frozenset[Tone] = frozenset(Tone),
) -> tuple[Tone, float]:
    """Return the tone for the profile, and the probability that it is better than the persona's.

    The allowed tone of the highest mean, where it is better than the persona's with ``switch_probability``; else the
    persona's, with what is left of that probability.
    """
    others = sorted(tone for tone in allowed if tone != persona)
    if not others:
        return persona, 1.0
    rival = max(others, key=lambda tone: beliefs[tone].mean)
    probability = beta.probability_greater(beliefs[rival], beliefs[persona])
    if probability >= params.switch_probability:
        return rival, probability
    return persona, 1.0 - probability


def choose(
    beliefs: Mapping[str, Posterior],
    *,
    persona: Tone,
    interaction_count: int,
    seed: bytes | int,
    params: ToneParams = ToneParams(),
    allowed: frozenset[Tone] = frozenset(Tone),
) -> ToneChoice:
    """Choose the tone of the next turn.

    Thompson sampling draws a tone with the probability that it is the best; that probability is computed by
    integration instead of being sampled, mixed with ``exploration``, logged, and drawn from.

    Args:
        beliefs: from ``posteriors``.
        interaction_count: with the fan; under ``least_interactions`` the persona's tone is kept.
        seed: the same seed gives the same tone.
        allowed: tones the creator allows; the persona's is always allowed.
    """
    tones = sorted({*allowed, Tone(persona)})
    best = beta.probability_best({tone.value: beliefs[tone] for tone in tones})
    if interaction_count < params.least_interactions:
        certain = {tone.value: float(tone == persona) for tone in tones}
        return ToneChoice(Tone(persona), 1.0, certain, best, "too_few_interactions")
    spread = params.exploration / len(tones)
    mixed = {name: (1 - params.exploration) * share + spread for name, share in best.items()}
    chosen = _draw(mixed, seed)
    return ToneChoice(Tone(chosen), mixed[chosen], mixed, best, "sampled")


def _priors(persona: Tone, params: ToneParams) -> dict[Tone, Posterior]:
    incumbent = beta.prior(params.base_rate, params.persona_strength)
    mean = beta.dynamic_prior_mean(incumbent, params.other_strength, params.win_probability)
    newcomer = beta.prior(mean, params.other_strength)
    return {tone: incumbent if tone == persona else newcomer for tone in Tone}


def _count(state: ToneState, tone: str, outcome: Outcome, params: ToneParams) -> ToneState:
    left = weight(days_between(outcome.since, outcome.at), params.half_life_days)
    tally = state.tones.get(tone, Tally())
    tally = tally.add(outcome.reward * left, outcome.at, params.half_life_days, outcome.trials)
    evidence = state.evidence.get(tone, ())
    if outcome.message_id not in evidence:
        evidence = (*evidence, outcome.message_id)[-MAX_EVIDENCE:]
    return replace(state, tones=state.tones | {tone: tally}, evidence=state.evidence | {tone: evidence})


def _draw(shares: Mapping[str, float], seed: bytes | int) -> str:
    """Return a name with the probability of its share; the seed alone decides."""
    data = seed if isinstance(seed, bytes) else str(seed).encode()
    digest = hashlib.blake2b(data, digest_size=8, person=b"tone-choice").digest()
    point = (int.from_bytes(digest, "big") >> 11) / 2**53 * sum(shares.values())
    bounds = accumulate(shares.values())
    return next((name for name, bound in zip(shares, bounds, strict=True) if point < bound), max(shares))
