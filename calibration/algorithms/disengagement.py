"""Who is slipping away: will the fan return within 7 days, and what has changed against their own habit.

The probability comes from a pooled logistic regression ("returns within 7 days") on features of the rhythm, fitted per
creator; the signals say what changed. Where too little is known, that is the answer.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import NormalDist

from calibration.algorithms.decay import days_between
from calibration.algorithms.habits import KEPT, HabitState, Trend, count_since
from calibration.algorithms.returns import ACTIVE, ReturnModel, contributions, features, probability_of_return


class SignalType(StrEnum):
    """What has changed."""

    SHORT_RESPONSES = "short_responses"
    LONG_DELAYS = "long_delays"
    NEGATIVE_SENTIMENT = "negative_sentiment"
    REDUCED_FREQUENCY = "reduced_frequency"


class Action(StrEnum):
    """What to try first. None of them sells."""

    ASK_OPEN_QUESTION = "ask_open_question"
    GIVE_SPACE = "give_space"
    ACKNOWLEDGE_FEELINGS = "acknowledge_feelings"
    SEND_PERSONAL_CHECK_IN = "send_personal_check_in"


class Basis(StrEnum):
    """What the answer stands on."""

    ENOUGH = "enough"
    NOT_ENOUGH_DATA = "not_enough_data"
    DORMANT = "dormant"


ACTIONS = {
    SignalType.SHORT_RESPONSES: Action.ASK_OPEN_QUESTION,
    SignalType.LONG_DELAYS: Action.GIVE_SPACE,
    SignalType.NEGATIVE_SENTIMENT: Action.ACKNOWLEDGE_FEELINGS,
    SignalType.REDUCED_FREQUENCY: Action.SEND_PERSONAL_CHECK_IN,
}


@dataclass(frozen=True, slots=True)
class Factor:
    """Why.

    Args:
        value: of the whole: what it adds to the log-odds of a return. Of a signal: ``lately`` and ``usually`` in the
            measure's own unit (characters, minutes, valence, sessions in 14 days), ``deviations`` between them.
    """

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Signal:
    """One change against the fan's own habit.

    Args:
        severity: 0-1, how large it is.
        probability: that the fan does not return within 7 days, 0-1.
        certainty: that it is not chance, 0-1.
        factors: lately, usually, deviations.
    """

    type: SignalType
    severity: float
    probability: float
    certainty: float
    factors: tuple[Factor, ...]
    suggested_action: Action


@dataclass(frozen=True, slots=True)
class Disengagement:
    """Whether the fan is slipping away.

    Args:
        basis: where it is not "enough" there are no signals: there is no habit to compare with, or the fan was silent
            for more than 28 days, of which the model knows nothing.
        probability: that the fan does not return within 7 days; None for a fan never seen or dormant.
        baseline: the same for an average fan of this creator.
        factors: of the probability, strongest first.
    """

    basis: Basis
    probability: float | None = None
    probability_of_return_7d: float | None = None
    baseline: float | None = None
    signals: tuple[Signal, ...] = ()
    factors: tuple[Factor, ...] = ()


@dataclass(frozen=True, slots=True)
class DisengagementParams:
    """When a change is worth a word.

    Args:
        length_deviation, delay_deviation, valence_deviation: between the messages of one fan as the population has
            it, on the scales of ``HabitState``.
        deviation_weight: how many messages that stands against the fan's own.
        min_habit: values before the latest ones that make a habit.
        min_recent: of the latest ones.
        min_certainty: 0-1; below it a change may be chance.
        mild, grave: in deviations; severity runs from 0 to 1 between them.
        window_days: in which sessions are counted.
        min_sessions, min_tenure_days: that make a rhythm.
        rate_days: how many days the population's rate, ``rate`` sessions a day, stands against the fan's own.
    """

    length_deviation: float = 0.9
    delay_deviation: float = 2.0
    valence_deviation: float = 0.45
    deviation_weight: float = 5.0
    min_habit: int = 12
    min_recent: int = 5
    min_certainty: float = 0.95
    mild: float = 0.3
    grave: float = 1.5
    window_days: float = 14.0
    min_sessions: int = 3
    min_tenure_days: float = 7.0
    rate: float = 0.25
    rate_days: float = 14.0


DEFAULT = DisengagementParams()
_NORMAL = NormalDist()


def disengagement(
    habits: HabitState, model: ReturnModel, as_of: datetime, params: DisengagementParams = DEFAULT
) -> Disengagement:
    """Return whether the fan is slipping away, and by what one can tell.

    Args:
        habits: learnt from nothing later than ``as_of``.
    """
    values = features(habits, as_of)
    if values is None or habits.first_at is None or habits.last_at is None:
        return Disengagement(Basis.NOT_ENOUGH_DATA)
    if as_of - habits.last_at > ACTIVE:
        return Disengagement(Basis.DORMANT)
    returns = probability_of_return(model, values)
    known = Disengagement(
        basis=Basis.NOT_ENOUGH_DATA,
        probability=1.0 - returns,
        probability_of_return_7d=returns,
        baseline=1.0 - model.base_rate,
        factors=_factors(model, values),
    )
    is_young = days_between(habits.first_at, as_of) < params.min_tenure_days
    if is_young or habits.sessions < params.min_sessions:
        return known
    signals = tuple(signal for signal in _signals(habits, as_of, 1.0 - returns, params) if signal)
    return replace(known, basis=Basis.ENOUGH, signals=signals)


def _factors(model: ReturnModel, values: Sequence[float]) -> tuple[Factor, ...]:
    added = contributions(model, values).items()
    return tuple(Factor(name, effect) for name, effect in sorted(added, key=lambda item: (-abs(item[1]), item[0])))


def _signals(
    habits: HabitState, as_of: datetime, leaves: float, params: DisengagementParams
) -> Iterator[Signal | None]:
    shorter = _fall(habits.lengths, params.length_deviation, params)
    yield _signal(SignalType.SHORT_RESPONSES, shorter, leaves, params, _characters)
    slower = _fall(_mirrored(habits.delays), params.delay_deviation, params)
    yield _signal(SignalType.LONG_DELAYS, slower, leaves, params, _minutes)
    colder = _fall(habits.valences, params.valence_deviation, params)
    if colder and colder.lately < 0.0:
        yield _signal(SignalType.NEGATIVE_SENTIMENT, colder, leaves, params, float)
    yield _signal(SignalType.REDUCED_FREQUENCY, _rarer(habits, as_of, params), leaves, params, float)


@dataclass(frozen=True, slots=True)
class _Fall:
    """A measure that fell.

    Args:
        deviations: by how many of the fan's own deviations.
        certainty: that it is not chance, 0-1.
    """

    lately: float
    usually: float
    deviations: float
    certainty: float


def _fall(trend: Trend, deviation: float, params: DisengagementParams) -> _Fall | None:
    """Return how far the latest values lie below the usual; None where there are too few of either.

    The fan's variance is shrunk toward the population's: ``(n variance + k deviation^2) / (n + k)``, so that who always
    writes alike is not told about for a word less. The certainty is that of a one-sided test of two means.
    """
    lately, usually = len(trend.recent), trend.count
    if lately < params.min_recent or usually < params.min_habit:
        return None
    recent = math.fsum(trend.recent) / lately
    own, general = usually * trend.variance, params.deviation_weight * deviation**2
    spread = math.sqrt((own + general) / (usually + params.deviation_weight))
    deviations = (trend.mean - recent) / spread
    return _Fall(recent, trend.mean, deviations, _NORMAL.cdf(deviations / math.sqrt(1 / lately + 1 / usually)))


def _rarer(habits: HabitState, as_of: datetime, params: DisengagementParams) -> _Fall | None:
    """Return how far the sessions of the last 14 days lie below what the 76 days before let expect.

    The fan's rate is shrunk toward the population's; the certainty is the chance that a Poisson count of that rate is
    larger. Deviations are of the square root, in which a Poisson count has the same spread everywhere.
    """
    begins = as_of - timedelta(days=params.window_days)
    before = [start for start in habits.starts if start <= begins]
    if len(before) < params.min_sessions:
        return None
    exposure = days_between(max(before[0], as_of - KEPT), begins)
    rate = (len(before) + params.rate * params.rate_days) / (exposure + params.rate_days)
    expected = rate * params.window_days
    count = count_since(habits, begins, as_of)
    deviations = 2.0 * (math.sqrt(expected) - math.sqrt(count))
    return _Fall(float(count), expected, deviations, 1.0 - _poisson_cdf(count, expected))


def _poisson_cdf(count: int, mean: float) -> float:
    term = total = math.exp(-mean)
    for k in range(1, count + 1):
        term *= mean / k
        total += term
    return min(total, 1.0)


def _signal(
    kind: SignalType,
    fall: _Fall | None,
    leaves: float,
    params: DisengagementParams,
    unit: Callable[[float], float],
) -> Signal | None:
    if fall is None or fall.certainty < params.min_certainty or fall.deviations <= params.mild:
        return None
    return Signal(
        type=kind,
        severity=min(1.0, (fall.deviations - params.mild) / (params.grave - params.mild)),
        probability=leaves,
        certainty=fall.certainty,
        factors=(
            Factor("lately", unit(fall.lately)),
            Factor("usually", unit(fall.usually)),
            Factor("deviations", fall.deviations),
        ),
        suggested_action=ACTIONS[kind],
    )


def _mirrored(trend: Trend) -> Trend:
    return replace(trend, recent=tuple(-value for value in trend.recent), mean=-trend.mean)


def _characters(log_value: float) -> float:
    return math.exp(log_value) - 1.0


def _minutes(negated_log_seconds: float) -> float:
    return (math.exp(-negated_log_seconds) - 1.0) / 60.0
