"""What is usual among a creator's fans: sums over many of them, from which a fan of whom little is known starts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from calibration.algorithms import preferences, purchases, rhythm, time_zone, tone
from calibration.algorithms.learner import LearnedState
from calibration.algorithms.preferences import PreferenceParams
from calibration.algorithms.purchases import Population, PurchaseParams
from calibration.algorithms.returns import DEFAULT_MODEL, ReturnModel
from calibration.algorithms.tone import ToneParams

# Fewer fans with purchases, or with a stated time zone, say nothing about the days and weeks of others.
LEAST_BUYERS = 20


@dataclass(frozen=True, slots=True)
class PoolingParams:
    """Defaults.

    Args:
        prior_strength: how much evidence the shipped base rate of a category counts as.
        least_fans: a category or topic that fewer have anything to do with is not handed out to others.
        most_subjects: the most frequent ones are kept.
    """

    prior_strength: float = 10.0
    least_fans: int = 5
    most_subjects: int = 50


@dataclass(frozen=True, slots=True)
class Priors:
    """What is usual.

    Args:
        categories: category → how gladly fans take it, 0-1.
        topics: topic → how gladly they speak of it, 0-1.
        tone_base_rate: mean reward of our messages, 0-1.
        population: when and how often they buy.
        day: the mean local day of those whose time zone is stated, 24 probabilities; None while they are few.
        returns: whether they come back.
    """

    categories: dict[str, float] = field(default_factory=dict)
    topics: dict[str, float] = field(default_factory=dict)
    tone_base_rate: float = ToneParams().base_rate
    population: Population = field(default_factory=Population)
    day: tuple[float, ...] | None = None
    returns: ReturnModel = DEFAULT_MODEL


SHIPPED = Priors()


def pool(
    states: Sequence[LearnedState],
    as_of: datetime,
    returns: ReturnModel = DEFAULT_MODEL,
    params: PoolingParams = PoolingParams(),
) -> Priors:
    """Return what is usual among these fans.

    A rate is ``(sum of positive + (strength + silent) * shipped) / (sum of all evidence + strength + silent)``, with
    each fan's evidence as faded as of now; ``silent`` fans, of whom there is none, count for the shipped rate. Without
    them what few fans buy, and nobody speaks against, would look like what everybody wants.
    """
    return Priors(
        categories=_rates(
            [state.preferences.categories for state in states], as_of, PreferenceParams().base_rate, params
        ),
        topics=_rates(
            [state.preferences.topics for state in states], as_of, PreferenceParams().topic_base_rate, params
        ),
        tone_base_rate=tone.base_rate([tally for state in states for tally in state.personality.tone.tones.values()]),
        population=_population(states, as_of),
        day=_day(states, as_of),
        returns=returns,
    )


def _day(states: Sequence[LearnedState], as_of: datetime) -> tuple[float, ...] | None:
    stated = [state.zone for state in states if state.zone.stated and state.zone.hours]
    if len(stated) < LEAST_BUYERS:
        return None
    return rhythm.mean_day([rhythm.shifted(zone.hours, _offset_hours(zone.stated, as_of)) for zone in stated])


def _offset_hours(zone: str, as_of: datetime) -> int:
    offset = as_of.astimezone(time_zone.zone_info(zone)).utcoffset() or timedelta()
    return round(offset / timedelta(hours=1))


def _rates(
    fans: Sequence[dict[str, preferences.Support]], as_of: datetime, shipped: float, params: PoolingParams
) -> dict[str, float]:
    found: dict[str, list[preferences.Support]] = defaultdict(list)
    for supports in fans:
        for name, support in supports.items():
            found[name].append(preferences.faded(support, as_of, PreferenceParams()))
    common = {name: held for name, held in found.items() if len(held) >= params.least_fans}
    ranked = sorted(common, key=lambda name: (-len(common[name]), name))[: params.most_subjects]
    return {
        name: _rate(common[name], shipped, params.prior_strength + len(fans) - len(common[name])) for name in ranked
    }


def _rate(supports: Sequence[preferences.Support], shipped: float, strength: float) -> float:
    positive = sum(support.positive for support in supports)
    against = sum(support.negative + support.declined for support in supports)
    return round((positive + strength * shipped) / (positive + against + strength), 4)


def _population(states: Sequence[LearnedState], as_of: datetime) -> Population:
    buyers = [state for state in states if state.purchases.kinds]
    if len(buyers) < LEAST_BUYERS:
        return Population()
    days, weeks = [], [0.0] * 7
    for state in buyers:
        zone = time_zone.zone_of(state.zone).info
        instants = [at for kind in state.purchases.kinds.values() for at in kind.occasions]
        days.append(rhythm.hour_counts(instants, zone))
        weeks = [sum(pair) for pair in zip(weeks, rhythm.weekday_counts(instants, zone), strict=True)]
    return Population(
        profiles=rhythm.fit_profiles(days),
        weekdays=rhythm.weekday_posterior(weeks),
        per_month=_per_month(buyers, as_of),
    )


def _per_month(buyers: Sequence[LearnedState], as_of: datetime) -> dict[str, float]:
    """Return the mean over buyers of what each is estimated to buy a month, by kind; 0 of what one never bought."""
    sums: dict[str, float] = defaultdict(float)
    for state in buyers:
        for pattern in purchases.project(state.purchases, as_of, params=PurchaseParams()):
            sums[pattern.kind] += pattern.per_month
    return {kind: round(total / len(buyers), 4) for kind, total in sorted(sums.items())}
