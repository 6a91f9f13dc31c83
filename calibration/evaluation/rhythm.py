"""How well hours of later activity are foretold: people are predicted from profiles of other people only."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from calibration.algorithms.rhythm import (
    HOURS,
    Profiles,
    RhythmParams,
    best_window,
    fit_profiles,
    hour_counts,
    predict,
)
from calibration.evaluation.values import Metric

HISTORY_SIZES = (5, 10, 20, 40)
TARGET_BITS = {5: 0.20, 10: 0.22, 20: 0.28, 40: 0.33}
LEAST_EVENTS = 60
PREDICTED_EVENTS = 200
FOLDS = 5
WINDOW_HOURS = 3
BOOTSTRAPS = 1000
EVEN = (1.0 / HOURS,) * HOURS
PARAMS = replace(RhythmParams(), start_people=0.0)


def evaluate_rhythm(folder: Path) -> list[Metric]:
    """Return bits over uniform and the share in the best 3-hour window, by size of the history.

    Args:
        folder: holds ``activity-dev.tsv``: person, unix seconds, UTC offset. Hours are taken in UTC, offsets unused.

    People with at least 60 events, in five folds; the profiles are fitted on the people of the other folds and those
    with few events. The interval is a bootstrap over people.
    """
    people = read_activity(folder / "activity-dev.tsv")
    scores = _scores(people)
    bits = [_metric(f"hour_bits_{n}", [s[0] for s in scores[n]], f">= {TARGET_BITS[n]}") for n in HISTORY_SIZES]
    window = [_metric(f"hour_window_{n}", [s[1] for s in scores[n]], "") for n in HISTORY_SIZES]
    return bits + window


def read_activity(path: Path) -> dict[str, list[datetime]]:
    """Return the instants of each person, in order."""
    people: dict[str, list[datetime]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        person, seconds, _ = line.split("\t")
        people.setdefault(person, []).append(datetime.fromtimestamp(int(seconds), UTC))
    return {person: sorted(instants) for person, instants in sorted(people.items())}


def folds_of(people: Mapping[str, Sequence[datetime]]) -> list[list[str]]:
    """Return the people who are predicted, split in ``FOLDS`` lists that depend on nothing but who they are."""
    predicted = sorted(person for person, instants in people.items() if len(instants) >= LEAST_EVENTS)
    random.Random(0).shuffle(predicted)  # noqa: S311 (a split, not a secret)
    return [predicted[fold::FOLDS] for fold in range(FOLDS)]


def _scores(people: Mapping[str, Sequence[datetime]]) -> dict[int, list[tuple[float, float]]]:
    """Return for each size of the history what every person scored."""
    scores: dict[int, list[tuple[float, float]]] = {size: [] for size in HISTORY_SIZES}
    for fold in folds_of(people):
        profiles = _fitted({person: instants for person, instants in people.items() if person not in fold})
        for size, person in product(HISTORY_SIZES, fold):
            scores[size].append(_score(people[person], size, profiles))
    return scores


def _fitted(others: Mapping[str, Sequence[datetime]]) -> Profiles:
    return fit_profiles((hour_counts(instants, UTC) for instants in others.values()), EVEN, PARAMS)


def _score(instants: Sequence[datetime], size: int, profiles: Profiles) -> tuple[float, float]:
    """Return the mean bits over uniform of the later events, and the share of them in the best window."""
    probabilities = predict(hour_counts(instants[:size], UTC), profiles, PARAMS)
    hours = [instant.hour for instant in instants[size : size + PREDICTED_EVENTS]]
    bits = math.fsum(math.log2(probabilities[hour] * HOURS) for hour in hours) / len(hours)
    first, _ = best_window(probabilities, WINDOW_HOURS) or (0, 0.0)
    inside = sum((hour - first) % HOURS < WINDOW_HOURS for hour in hours) / len(hours)
    return bits, inside


def _metric(name: str, values: Sequence[float], target: str) -> Metric:
    """Return the mean with the 95 % interval of a bootstrap over people."""
    dice = random.Random(0)  # noqa: S311 (a resampling, not a secret)
    means = sorted(math.fsum(dice.choices(values, k=len(values))) / len(values) for _ in range(BOOTSTRAPS))
    low, high = means[round(BOOTSTRAPS * 0.025)], means[round(BOOTSTRAPS * 0.975)]
    return Metric(name, math.fsum(values) / len(values), low, high, target, len(values))
