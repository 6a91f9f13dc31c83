"""How a fan buys: how much, how often, and when. Three purchases are not a law: all of it leans on the population."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from statistics import median
from uuid import UUID

from calibration.algorithms.decay import days_between, weight
from calibration.algorithms.facts import purchase_kind
from calibration.algorithms.rhythm import (
    HOURS,
    RHYTHM_PARAMS,
    WEEKDAYS,
    WEEKLY_CURVE,
    Profiles,
    RhythmParams,
    best_window,
    hour_counts,
    plain_profiles,
    predict,
    weekday_counts,
    weekday_posterior,
)
from calibration.algorithms.sessions import starts_session
from calibration.domain import MAX_EVIDENCE, Event

DAYS_A_MONTH = 30.4375


class PatternStatus(StrEnum):
    """Whether there is enough to go by."""

    LEARNT = "learnt"
    NOT_ENOUGH_DATA = "not_enough_data"


@dataclass(frozen=True, slots=True)
class PurchaseParams:
    """How purchases are summed up.

    Args:
        half_life_days: after which an occasion counts half towards the rate.
        rate_strength_months: how many months of the population's rate a fan's own rate is mixed with.
        population_per_month: occasions of one kind a month, where the caller knows nothing better.
        least_occasions: fewer are "not enough data": no preferred weekdays and hours.
        confidence_occasions: how many occasions give a confidence of 1/2.
        weekday_lift: a weekday is preferred when it is so many times as likely as in the population.
        window_hours: length of the preferred hours.
        most_recent: occasions kept for median, weekdays and hours.
    """

    half_life_days: float = 180.0
    rate_strength_months: float = 2.0
    population_per_month: float = 0.5
    least_occasions: int = 4
    confidence_occasions: float = 8.0
    weekday_lift: float = 1.25
    window_hours: int = 3
    most_recent: int = 32


@dataclass(frozen=True, slots=True)
class KindState:
    """Purchases of one kind.

    Args:
        purchase_count: all of them; ``paid_count`` with an amount, ``total`` the sum of those.
        occasion_count: purchases within one session (6 h from one to the next) are one occasion.
        weight: faded number of occasions, as of ``weight_at``.
        last_at: of the latest purchase.
        occasions: when the latest began, oldest first.
        amounts: the latest that were paid, oldest first.
        evidence: ids of the latest purchases.
    """

    purchase_count: int = 0
    paid_count: int = 0
    total: float = 0.0
    occasion_count: int = 0
    weight: float = 0.0
    weight_at: datetime | None = None
    last_at: datetime | None = None
    occasions: tuple[datetime, ...] = ()
    amounts: tuple[float, ...] = ()
    evidence: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchaseState:
    """Purchases by kind, and since when the fan is known (the first event of whatever type)."""

    first_at: datetime | None = None
    kinds: dict[str, KindState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PurchasePattern:
    """How a fan buys one kind.

    Args:
        average_amount: of a purchase, in the creator's currency; None where no amount was ever known. ``median_amount``
            of the latest ones.
        per_month: occasions a month, shrunk to the population.
        preferred_weekdays: 0 is Sunday; likeliest first; empty without enough data or a clear preference.
        preferred_hours: the best window in the fan's zone, in order; empty without enough data.
        confidence: 0-1.
    """

    kind: str
    status: PatternStatus
    purchase_count: int
    occasion_count: int
    average_amount: float | None
    median_amount: float | None
    per_month: float
    preferred_weekdays: tuple[int, ...]
    preferred_hours: tuple[int, ...]
    confidence: float
    last_at: datetime | None
    evidence: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PurchaseTiming:
    """When the fan buys, whatever the kind.

    Args:
        weekdays: 7 probabilities from Sunday, in the fan's zone.
        hours: 24 probabilities.
        occasion_count: what they stand on.
    """

    weekdays: tuple[float, ...]
    hours: tuple[float, ...]
    occasion_count: int


@dataclass(frozen=True, slots=True)
class Population:
    """What is usual among the creator's fans.

    Args:
        profiles: typical days of buyers, in local time.
        weekdays: 7 probabilities from Sunday.
        per_month: kind -> occasions a month of one fan.
    """

    profiles: Profiles = field(default_factory=plain_profiles)
    weekdays: tuple[float, ...] = WEEKLY_CURVE
    per_month: dict[str, float] = field(default_factory=dict)


def learn(state: PurchaseState, events: Sequence[Event], params: PurchaseParams = PurchaseParams()) -> PurchaseState:
    """Return the state with more events taken in. A refund (an amount below 0) is no purchase."""
    for event in events:
        if state.first_at is None:
            state = replace(state, first_at=event.at)
        kind = purchase_kind(event)
        if kind is not None and not _is_refund(event):
            known = state.kinds.get(kind, KindState())
            state = replace(state, kinds={**state.kinds, kind.value: _added(known, event, params)})
    return state


def project(
    state: PurchaseState,
    as_of: datetime,
    zone: tzinfo = UTC,
    params: PurchaseParams = PurchaseParams(),
    *,
    population: Population = Population(),
) -> list[PurchasePattern]:
    """Return a pattern for every kind that was bought, the most frequent first.

    Occasions a month: ``(k m + w) / (k + e)`` with w the faded number of occasions, e the equally faded months since
    the fan is known, m the population's rate and k the months it is worth (a Gamma prior on a Poisson rate).
    """
    patterns = [_pattern(kind, state, as_of, zone, params, population) for kind in state.kinds]
    return sorted(patterns, key=lambda pattern: (-pattern.occasion_count, pattern.kind))


def timing(
    state: PurchaseState,
    zone: tzinfo = UTC,
    *,
    population: Population = Population(),
    rhythm: RhythmParams = RHYTHM_PARAMS,
) -> PurchaseTiming:
    """Return when the fan buys, all kinds together; with no purchase it is the population's week and day."""
    instants = [at for kind in state.kinds.values() for at in kind.occasions]
    return PurchaseTiming(
        weekdays=weekday_posterior(weekday_counts(instants, zone), population.weekdays, rhythm),
        hours=predict(hour_counts(instants, zone), population.profiles, rhythm),
        occasion_count=len(instants),
    )


def _is_refund(event: Event) -> bool:
    return event.amount is not None and event.amount < 0


def _added(known: KindState, event: Event, params: PurchaseParams) -> KindState:
    amount = float(event.amount) if event.amount is not None else None
    changed = replace(
        known,
        purchase_count=known.purchase_count + 1,
        last_at=event.at,
        evidence=(*known.evidence, event.id)[-MAX_EVIDENCE:],
    )
    if amount is not None:
        changed = _with_amount(changed, amount, params)
    return _with_occasion(changed, event.at, params) if starts_session(known.last_at, event.at) else changed


def _with_amount(known: KindState, amount: float, params: PurchaseParams) -> KindState:
    return replace(
        known,
        paid_count=known.paid_count + 1,
        total=known.total + amount,
        amounts=(*known.amounts, amount)[-params.most_recent :],
    )


def _with_occasion(known: KindState, at: datetime, params: PurchaseParams) -> KindState:
    return replace(
        known,
        occasion_count=known.occasion_count + 1,
        weight=_weight(known, at, params) + 1.0,
        weight_at=at,
        occasions=(*known.occasions, at)[-params.most_recent :],
    )


def _weight(known: KindState, at: datetime, params: PurchaseParams) -> float:
    if known.weight_at is None:
        return 0.0
    return known.weight * weight(days_between(known.weight_at, at), params.half_life_days)


def _pattern(
    kind: str,
    state: PurchaseState,
    as_of: datetime,
    zone: tzinfo,
    params: PurchaseParams,
    population: Population,
) -> PurchasePattern:
    known = state.kinds[kind]
    enough = known.occasion_count >= params.least_occasions
    return PurchasePattern(
        kind=kind,
        status=PatternStatus.LEARNT if enough else PatternStatus.NOT_ENOUGH_DATA,
        purchase_count=known.purchase_count,
        occasion_count=known.occasion_count,
        average_amount=known.total / known.paid_count if known.paid_count else None,
        median_amount=median(known.amounts) if known.amounts else None,
        per_month=_per_month(known, state.first_at, as_of, params, population.per_month.get(kind)),
        preferred_weekdays=_preferred_weekdays(known, zone, params, population) if enough else (),
        preferred_hours=_preferred_hours(known, zone, params, population) if enough else (),
        confidence=known.occasion_count / (known.occasion_count + params.confidence_occasions),
        last_at=known.last_at,
        evidence=known.evidence,
    )


def _per_month(
    known: KindState, first_at: datetime | None, as_of: datetime, params: PurchaseParams, usual: float | None
) -> float:
    strength = params.rate_strength_months
    rate = params.population_per_month if usual is None else usual
    months = _faded_months(first_at, as_of, params.half_life_days)
    return (strength * rate + _weight(known, as_of, params)) / (strength + months)


def _faded_months(first_at: datetime | None, as_of: datetime, half_life_days: float) -> float:
    """Return the integral of the fading weight over the time the fan is known, in months."""
    days = max(days_between(first_at, as_of), 0.0) if first_at else 0.0
    return half_life_days / math.log(2) * (1.0 - weight(days, half_life_days)) / DAYS_A_MONTH


def _preferred_weekdays(
    known: KindState, zone: tzinfo, params: PurchaseParams, population: Population
) -> tuple[int, ...]:
    """Return the weekdays that are so much likelier than in the population, likeliest first."""
    days = weekday_posterior(weekday_counts(known.occasions, zone), population.weekdays)
    liked = [day for day in range(WEEKDAYS) if days[day] >= params.weekday_lift * population.weekdays[day]]
    return tuple(sorted(liked, key=lambda day: (-days[day], day)))


def _preferred_hours(known: KindState, zone: tzinfo, params: PurchaseParams, population: Population) -> tuple[int, ...]:
    hours = predict(hour_counts(known.occasions, zone), population.profiles)
    first, _ = best_window(hours, params.window_hours) or (0, 0.0)
    return tuple((first + step) % HOURS for step in range(params.window_hours))
