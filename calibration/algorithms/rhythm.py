"""When somebody is active: probabilities over hours and weekdays from few events."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

HOURS = 24
WEEKDAYS = 7

# A plain day in local time, written by hand: asleep at four, a little at breakfast and lunch, most in the evening.
DAILY_CURVE: tuple[float, ...] = tuple(
    parts / 1000
    for parts in (
        *(38, 24, 14, 9, 7, 8, 13, 22, 30, 34, 37, 40),
        *(45, 44, 42, 42, 44, 49, 56, 64, 76, 90, 94, 78),
    )
)
# 0 is Sunday. Nothing is known that would make one day better than another before somebody is seen.
WEEKLY_CURVE: tuple[float, ...] = (1 / WEEKDAYS,) * WEEKDAYS


@dataclass(frozen=True, slots=True)
class RhythmParams:
    """How much a few events say.

    Args:
        prior_strength: how many (thinned) events the prior is worth.
        weekday_prior_strength: the same for weekdays.
        temper: exponent of the likelihood that weighs the profiles, 0-1. Below 1 because events come in bunches: ten
            of them are not ten independent witnesses.
        fit_temper: the same where the profiles are fitted.
        passes: smoothing of one event, in passes of (1/4, 1/2, 1/4); with n events ``passes * n ** -passes_decay``.
        least_passes: there is never less smoothing than this.
        most_passes: nor more.
        profile_strength: how many events of the population each profile is mixed with.
        start_people: how many people the starting curve is worth in the population's.
        rounds: of expectation-maximisation.
        least_events: people with fewer (thinned) events do not shape the profiles.
    """

    prior_strength: float = 10.0
    weekday_prior_strength: float = 10.0
    temper: float = 0.4
    fit_temper: float = 0.7
    passes: float = 24.0
    passes_decay: float = 0.5
    least_passes: int = 2
    most_passes: int = 16
    profile_strength: float = 10.0
    start_people: float = 5.0
    rounds: int = 20
    least_events: float = 3.0


RHYTHM_PARAMS = RhythmParams()


@dataclass(frozen=True, slots=True)
class Profiles:
    """Typical days: curves of 24 probabilities and the share of people who live by each."""

    curves: tuple[tuple[float, ...], ...]
    shares: tuple[float, ...]


def normalised(weights: Sequence[float]) -> tuple[float, ...]:
    """Return the weights divided by their sum; a sum of 0 gives equal shares."""
    total = math.fsum(weights)
    if total <= 0.0:
        return (1.0 / len(weights),) * len(weights)
    return tuple(weight / total for weight in weights)


def smoothed(weights: Sequence[float], passes: int) -> tuple[float, ...]:
    """Return the weights spread over the circle, ``passes`` times (1/4, 1/2, 1/4); the sum stays."""
    spread = tuple(weights)
    for _ in range(passes):
        after = (*spread[1:], spread[0])
        before = (spread[-1], *spread[:-1])
        spread = tuple(b / 4 + here / 2 + a / 4 for b, here, a in zip(before, spread, after, strict=True))
    return spread


def shifted(weights: Sequence[float], steps: int) -> tuple[float, ...]:
    """Return the weights moved ``steps`` places later on the circle."""
    cut = -steps % len(weights)
    return (*weights[cut:], *weights[:cut])


def weekday(local: datetime) -> int:
    """Return the day of the week, 0 for Sunday."""
    return local.isoweekday() % WEEKDAYS


def hour_counts(instants: Iterable[datetime], zone: tzinfo) -> tuple[float, ...]:
    """Return how often each local hour occurs; k events within one hour of one day count as the square root of k.

    Whoever sends forty messages between nine and ten was there once, a little more surely than with one message.
    """
    seen: dict[tuple[int, int], int] = {}
    for instant in instants:
        local = instant.astimezone(zone)
        key = (local.toordinal(), local.hour)
        seen[key] = seen.get(key, 0) + 1
    counts = [0.0] * HOURS
    for (_, hour), number in seen.items():
        counts[hour] += math.sqrt(number)
    return tuple(counts)


def weekday_counts(instants: Iterable[datetime], zone: tzinfo) -> tuple[float, ...]:
    """Return how often each local weekday occurs (0 is Sunday); k events of one day count as the square root of k."""
    seen: dict[int, int] = {}
    for instant in instants:
        day = instant.astimezone(zone).toordinal()
        seen[day] = seen.get(day, 0) + 1
    counts = [0.0] * WEEKDAYS
    for day, number in seen.items():
        counts[day % WEEKDAYS] += math.sqrt(number)  # day 1 of the calendar was a Monday, so Sundays are divisible by 7
    return tuple(counts)


def passes_for(events: float, params: RhythmParams) -> int:
    """Return how widely so many events are smoothed: widely where they are few."""
    if events <= 0.0:
        return params.most_passes
    wanted = round(params.passes / math.pow(events, params.passes_decay))
    return max(params.least_passes, min(params.most_passes, wanted))


def posterior(
    counts: Sequence[float], prior: Sequence[float], params: RhythmParams = RHYTHM_PARAMS
) -> tuple[float, ...]:
    """Return 24 probabilities: smoothed counts plus ``prior_strength`` events of the prior.

    Source: Dirichlet-multinomial, posterior mean ``(c_h + k p_h) / (n + k)``, with a circular kernel on c whose width
    falls with n, as a kernel estimate's should.
    """
    spread = smoothed(counts, passes_for(math.fsum(counts), params))
    return normalised([own + params.prior_strength * p for own, p in zip(spread, prior, strict=True)])


def weekday_posterior(
    counts: Sequence[float], prior: Sequence[float] = WEEKLY_CURVE, params: RhythmParams = RHYTHM_PARAMS
) -> tuple[float, ...]:
    """Return 7 probabilities, from Sunday. Days are not smoothed into each other: Friday is not like Thursday."""
    strength = params.weekday_prior_strength
    return normalised([own + strength * p for own, p in zip(counts, prior, strict=True)])


def plain_profiles(curve: Sequence[float] = DAILY_CURVE) -> Profiles:
    """Return what is believed before anybody was seen: the curve, also up to 3 hours earlier and later."""
    shifts = {0: 0.4, -1: 0.15, 1: 0.15, -2: 0.1, 2: 0.1, -3: 0.05, 3: 0.05}
    even = 1.0 / len(curve)
    curves = (tuple(0.9 * p + 0.1 * even for p in shifted(curve, shift)) for shift in shifts)
    return Profiles(curves=tuple(curves), shares=tuple(shifts.values()))


def log_fit(
    counts: Sequence[float], curves: Sequence[Sequence[float]], shares: Sequence[float], temper: float
) -> float:
    """Return ``log(sum over curves of share * prod(p_h ** (temper * c_h)))``."""
    logs = _log_fits(counts, curves, shares, temper)
    highest = max(logs)
    return highest + math.log(math.fsum(math.exp(log - highest) for log in logs))


def profile_weights(counts: Sequence[float], profiles: Profiles, temper: float) -> tuple[float, ...]:
    """Return the probability of each profile given the counts: ``share * prod(p_h ** (temper * c_h))``, normalised."""
    logs = _log_fits(counts, profiles.curves, profiles.shares, temper)
    highest = max(logs)
    return normalised([math.exp(log - highest) for log in logs])


def mixed(curves: Sequence[Sequence[float]], weights: Sequence[float]) -> tuple[float, ...]:
    """Return the weighted mean of the curves."""
    return tuple(
        math.fsum(weight * curve[place] for weight, curve in zip(weights, curves, strict=True))
        for place in range(len(curves[0]))
    )


def predict(counts: Sequence[float], profiles: Profiles, params: RhythmParams = RHYTHM_PARAMS) -> tuple[float, ...]:
    """Return 24 probabilities for somebody with these counts (``hour_counts``): never 0, and they sum to 1.

    Whose day it resembles is judged first (``profile_weights``), and the mixture of those days is the prior for the own
    counts (``posterior``). Without events it is the population's curve.
    """
    prior = mixed(profiles.curves, profile_weights(counts, profiles, params.temper))
    return posterior(counts, prior, params)


def fit_profiles(
    histograms: Iterable[Sequence[float]],
    start: Sequence[float] = DAILY_CURVE,
    params: RhythmParams = RHYTHM_PARAMS,
) -> Profiles:
    """Return the typical days of the people whose counts (``hour_counts``) these are.

    One profile for every hour's shift of the population's curve, refined by expectation-maximisation on a mixture of
    multinomials; each keeps ``profile_strength`` events of the population, so that an unused one falls back to it.
    People with fewer than ``least_events`` are left out; with nobody left the answer is ``plain_profiles(start)``.
    """
    people = _people(histograms, params)
    if not len(people):
        return plain_profiles(start)
    population = _population(people, start, params)
    curves, shares = _started(population)
    for _ in range(params.rounds):
        curves, shares = _refined(curves, shares, people, population, params)
    return Profiles(curves=tuple(tuple(curve) for curve in curves.tolist()), shares=tuple(shares.tolist()))


def mean_day(
    histograms: Iterable[Sequence[float]], start: Sequence[float] = DAILY_CURVE, params: RhythmParams = RHYTHM_PARAMS
) -> tuple[float, ...]:
    """Return the mean day of these people, each counting once, and the starting curve as ``start_people`` more."""
    people = _people(histograms, params)
    return tuple(_population(people, start, params).tolist()) if len(people) else tuple(start)


def best_window(
    probabilities: Sequence[float], hours: int, closed: frozenset[int] = frozenset()
) -> tuple[int, float] | None:
    """Return the first hour and the probability of the likeliest run of ``hours``, or None where every run is closed.

    Of runs that are as likely the earliest.

    Args:
        closed: hours that the run must not touch (quiet hours).
    """
    runs = [tuple((first + step) % HOURS for step in range(hours)) for first in range(HOURS)]
    open_runs = [run for run in runs if closed.isdisjoint(run)]
    if not open_runs:
        return None
    best = max(open_runs, key=lambda run: (math.fsum(probabilities[hour] for hour in run), -run[0]))
    return best[0], math.fsum(probabilities[hour] for hour in best)


def _log_fits(
    counts: Sequence[float], curves: Sequence[Sequence[float]], shares: Sequence[float], temper: float
) -> list[float]:
    return [
        math.log(share) + temper * math.fsum(count * math.log(p) for count, p in zip(counts, curve, strict=True))
        for share, curve in zip(shares, curves, strict=True)
    ]


def _people(histograms: Iterable[Sequence[float]], params: RhythmParams) -> Matrix:
    """Return a row for each person of whom enough is known."""
    return np.asarray([tuple(counts) for counts in histograms if math.fsum(counts) >= params.least_events])


def _population(people: Matrix, start: Sequence[float], params: RhythmParams) -> Matrix:
    """Return the mean day, each person counting once."""
    days = people / people.sum(axis=1, keepdims=True)
    total = params.start_people * np.asarray(start) + days.sum(axis=0)
    # An hour at which nobody was ever seen is unlikely, not impossible.
    return np.asarray(0.99 * total / total.sum() + 0.01 / HOURS)


def _started(population: Matrix) -> tuple[Matrix, Matrix]:
    """Return curves and shares to begin with: the population's day at every hour's shift."""
    base = 0.9 * _spread(population, 2) + 0.1 / HOURS
    return np.stack([np.roll(base, hour) for hour in range(HOURS)]), np.full(HOURS, 1.0 / HOURS)


def _refined(
    curves: Matrix, shares: Matrix, people: Matrix, population: Matrix, params: RhythmParams
) -> tuple[Matrix, Matrix]:
    """Return curves and shares after one round of expectation (whose day is whose) and maximisation (their mean)."""
    logs = params.fit_temper * people @ np.log(curves).T + np.log(shares)
    members = np.exp(logs - logs.max(axis=1, keepdims=True))
    members /= members.sum(axis=1, keepdims=True)
    counts = _spread(members.T @ people, 1) + params.profile_strength * population
    number = members.sum(axis=0) + 1.0
    return counts / counts.sum(axis=1, keepdims=True), number / number.sum()


def _spread(weights: Matrix, passes: int) -> Matrix:
    """Return what ``smoothed`` does, on the last axis."""
    for _ in range(passes):
        weights = weights / 2 + (np.roll(weights, 1, axis=-1) + np.roll(weights, -1, axis=-1)) / 4
    return weights
