"""From lives to figures: means over fans, and their spread over seeds."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.algorithms.returns import DEFAULT_MODEL, FEATURES, fit_return_model, probability_of_return
from calibration.evaluation.returns import auc
from calibration.simulation.runs import Life, Week

# A mark that fewer fans of a seed have reached is left out: its mean would be noise.
LEAST_FANS = 10
_SILENCE = [feature.name for feature in FEATURES].index("log_silence")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, over seeds.

    Args:
        at: how much was known (interactions, occasions of buying); 0 where that is not the question.
        value: mean over the seeds of the mean over the fans; low and high: the lowest and highest seed.
        n: how many numbers each seed's mean stands on, on average.
    """

    name: str
    at: int
    value: float
    low: float
    high: float
    n: int


def summarise(seeds: Sequence[Sequence[Life]]) -> list[Figure]:
    """Return all figures, in the order in which they are shown.

    Args:
        seeds: the lives of each seed's fans.
    """
    found: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for lives in seeds:
        for key, values in _grouped(lives).items():
            if len(values) >= LEAST_FANS:
                found[key].append((float(np.mean(values)), len(values)))
        for name, value, n in _of_weeks(lives):
            found[name, 0].append((value, n))
    return [_figure(name, at, found[name, at]) for name, at in sorted(found)]


def series(figures: Iterable[Figure], name: str) -> list[Figure]:
    """Return one figure by how much was known."""
    return [figure for figure in figures if figure.name == name]


def _figure(name: str, at: int, seeds: Sequence[tuple[float, int]]) -> Figure:
    values = [value for value, _ in seeds]
    n = round(float(np.mean([count for _, count in seeds])))
    return Figure(name, at, float(np.mean(values)), min(values), max(values), n)


def _grouped(lives: Iterable[Life]) -> Mapping[tuple[str, int], list[float]]:
    groups: dict[tuple[str, int], list[float]] = defaultdict(list)
    for life in lives:
        for seen in life.seen:
            groups[seen.figure, seen.at].append(seen.value)
    return groups


def _of_weeks(lives: Sequence[Life]) -> Iterator[tuple[str, float, int]]:
    """Yield the figures of disengagement; the model of these fans is fitted on half of them, and judged on the rest."""
    fitted_on = [week.example for life in lives[0::2] for week in life.weeks]
    judged = [week for life in lives[1::2] for week in life.weeks]
    fitted = fit_return_model(fitted_on)
    scores: dict[str, Callable[[Week], float]] = {
        "the shipped model": lambda week: probability_of_return(DEFAULT_MODEL, week.example.features),
        "a model of these fans": lambda week: probability_of_return(fitted, week.example.features),
        "silence alone": lambda week: -week.example.features[_SILENCE],
        "who knows the fan": lambda week: week.true_chance,
    }
    came = np.array([week.example.returned for week in judged], dtype=np.float64)
    if 0 < came.sum() < len(came):
        for name, score in scores.items():
            yield f"returns: AUC of {name}", auc(came, np.array([score(week) for week in judged])), len(judged)
    yield from _of_signals([week for life in lives for week in life.weeks])


def _of_signals(weeks: Sequence[Week]) -> Iterator[tuple[str, float, int]]:
    for name, has_faded in (("fading fans", True), ("steady fans", False)):
        noticed = [week.is_noticed for week in weeks if week.has_faded == has_faded]
        if noticed:
            yield f"signals: weeks of {name} with one", float(np.mean(noticed)), len(noticed)
