"""Which emojis and which lengths of our messages are answered well."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from calibration.algorithms import beta
from calibration.algorithms.answers import Outcome
from calibration.algorithms.decay import days_between, weight
from calibration.algorithms.lengths import LengthParams, length_of
from calibration.algorithms.tally import Tally
from calibration.domain import MAX_EVIDENCE
from memory.domain import MessageLength


@dataclass(frozen=True, slots=True)
class MannerParams:
    """Defaults.

    Args:
        base_rate: mean reward of the creator's messages; the prior mean of everything here.
        prior_strength: of that prior, in trials.
        max_emojis: how many different emojis are counted.
        least_trials: what was tried in fewer turns isn't judged; faded.
        emoji_certainty: probability that its rate is above the base rate, from which an emoji counts as liked.
    """

    half_life_days: float = 90.0
    base_rate: float = 0.45
    prior_strength: float = 4.0
    max_emojis: int = 12
    least_trials: float = 2.5
    emoji_certainty: float = 0.8
    lengths: LengthParams = field(default_factory=LengthParams)


@dataclass(frozen=True, slots=True)
class MannerState:
    """Tallies of our turns by what they were like.

    Args:
        emojis: emoji → turns that had it.
        with_emoji, without_emoji: turns that had any, or none.
        lengths: short, medium, long → turns of messages of that length.
        emoji_evidence, length_evidence: the latest turns behind them.
    """

    emojis: dict[str, Tally] = field(default_factory=dict)
    with_emoji: Tally = field(default_factory=Tally)
    without_emoji: Tally = field(default_factory=Tally)
    lengths: dict[str, Tally] = field(default_factory=dict)
    emoji_evidence: tuple[UUID, ...] = ()
    length_evidence: tuple[UUID, ...] = ()


def learn(state: MannerState, outcomes: Sequence[Outcome], params: MannerParams = MannerParams()) -> MannerState:
    """Return the state after further outcomes."""
    for outcome in outcomes:
        state = _count_emojis(_count_length(state, outcome, params), outcome, params)
    return state


def shorter_is_better(state: MannerState, as_of: datetime, params: MannerParams = MannerParams()) -> float:
    """Return the probability that short messages are answered better than the others; 0.5 while hardly tried."""
    return _better(state, MessageLength.SHORT, as_of, params)


def longer_is_better(state: MannerState, as_of: datetime, params: MannerParams = MannerParams()) -> float:
    """Return the probability that long messages are answered better than the others; 0.5 while hardly tried."""
    return _better(state, MessageLength.LONG, as_of, params)


def emojis_are_better(state: MannerState, as_of: datetime, params: MannerParams = MannerParams()) -> float:
    """Return the probability that messages with emojis are answered better than those without.

    Returns: 0.5 while one of the two was hardly tried.
    """
    if not all(_is_tried(tally, as_of, params) for tally in (state.with_emoji, state.without_emoji)):
        return 0.5
    with_emoji = _belief([state.with_emoji], as_of, params)
    return beta.probability_greater(with_emoji, _belief([state.without_emoji], as_of, params))


def liked_emojis(state: MannerState, as_of: datetime, params: MannerParams = MannerParams()) -> tuple[str, ...]:
    """Return the emojis of ours whose turns are answered better than the base rate, best first."""
    judged = {
        symbol: beta.probability_above(_belief([tally], as_of, params), params.base_rate)
        for symbol, tally in state.emojis.items()
        if _is_tried(tally, as_of, params)
    }
    liked = (symbol for symbol, probability in judged.items() if probability >= params.emoji_certainty)
    return tuple(sorted(liked, key=lambda symbol: (-judged[symbol], symbol)))


def _better(state: MannerState, length: MessageLength, as_of: datetime, params: MannerParams) -> float:
    this = state.lengths.get(length, Tally())
    if not _is_tried(this, as_of, params):
        return 0.5
    rest = [tally for name, tally in state.lengths.items() if name != length]
    return beta.probability_greater(_belief([this], as_of, params), _belief(rest, as_of, params))


def _is_tried(tally: Tally, as_of: datetime, params: MannerParams) -> bool:
    return tally.as_of(as_of, params.half_life_days).trials >= params.least_trials


def _belief(tallies: Sequence[Tally], as_of: datetime, params: MannerParams) -> beta.Posterior:
    """Return the belief about the rate that several tallies share."""
    believed = beta.prior(params.base_rate, params.prior_strength)
    for tally in tallies:
        believed = tally.as_of(as_of, params.half_life_days).posterior(believed)
    return believed


def _count_length(state: MannerState, outcome: Outcome, params: MannerParams) -> MannerState:
    if outcome.words == 0:
        return state
    length = length_of(outcome.words, params.lengths)
    return replace(
        state,
        lengths=_added(state.lengths, [length], outcome, params),
        length_evidence=_latest(state.length_evidence, outcome.message_id),
    )


def _count_emojis(state: MannerState, outcome: Outcome, params: MannerParams) -> MannerState:
    if not outcome.emojis:
        return replace(state, without_emoji=_add(state.without_emoji, outcome, params))
    counted = _added(state.emojis, outcome.emojis, outcome, params)
    kept = sorted(counted, key=lambda symbol: (symbol not in outcome.emojis, -counted[symbol].trials, symbol))
    return replace(
        state,
        emojis={symbol: counted[symbol] for symbol in sorted(kept[: params.max_emojis])},
        with_emoji=_add(state.with_emoji, outcome, params),
        emoji_evidence=_latest(state.emoji_evidence, outcome.message_id),
    )


def _added(tallies: dict[str, Tally], names: Sequence[str], outcome: Outcome, params: MannerParams) -> dict[str, Tally]:
    """Return all tallies as of the outcome, so that they may be compared, with it counted under some names."""
    faded = {name: tally.as_of(outcome.at, params.half_life_days) for name, tally in tallies.items()}
    return faded | {str(name): _add(faded.get(name, Tally()), outcome, params) for name in names}


def _add(tally: Tally, outcome: Outcome, params: MannerParams) -> Tally:
    """Count an outcome; what a purchase adds to an earlier trial has faded as much as the trial."""
    left = weight(days_between(outcome.since, outcome.at), params.half_life_days)
    return tally.add(outcome.reward * left, outcome.at, params.half_life_days, outcome.trials)


def _latest(evidence: tuple[UUID, ...], message_id: UUID) -> tuple[UUID, ...]:
    return evidence if message_id in evidence else (*evidence, message_id)[-MAX_EVIDENCE:]
