"""Will a fan who was active lately return within 7 days? A logistic regression pooled over fans, fitted per creator.

Features are logarithms of what the rhythm shows as of an instant, so a fan is compared with others and with their own
habit. The fit is the maximum a posteriori with a Gaussian prior around ``DEFAULT_MODEL``, found by Newton's steps
(iteratively reweighted least squares; Bishop 2006, 4.3.3 and 4.5.1): few pairs stay near the prior, many leave it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from calibration.algorithms.decay import days_between
from calibration.algorithms.habits import (
    ACTIVITY_HALF_LIFE_DAYS,
    HabitState,
    count_since,
    learn,
    log_days,
    typical_gap_days,
)
from calibration.domain import Event

HORIZON = timedelta(days=7)
# Whom the model speaks of: who was active in so many days.
ACTIVE = timedelta(days=28)
# Beyond these more says nothing more, and a fit would carry a trend of the calendar into the future.
MOST_SESSIONS = 30
LONGEST_TENURE_DAYS = 42.0
LONGEST_WAIT_DAYS = 60.0


@dataclass(frozen=True, slots=True)
class Feature:
    """One number the model looks at.

    Args:
        factor: what it is shown as; several features make one factor.
        centre: a usual value; there it adds nothing.
        scale: a usual deviation; coefficients are per scale.
    """

    name: str
    factor: str
    centre: float
    scale: float


FEATURES = (
    Feature("log_silence", "silence", 1.5, 1.5),
    Feature("log_contact_silence", "silence", 1.5, 1.5),
    Feature("log_typical_gap", "rhythm", 1.5, 0.8),
    Feature("single_session", "rhythm", 0.3, 0.5),
    Feature("log_sessions_7d", "rhythm", 0.5, 0.6),
    Feature("log_sessions_28d", "rhythm", 1.2, 0.7),
    Feature("log_activity", "rhythm", 0.5, 1.5),
    Feature("log_sessions", "history", 1.5, 0.9),
    Feature("log_tenure", "history", 3.0, 0.8),
    Feature("log_unanswered", "reciprocity", 0.3, 0.5),
    Feature("log_reciprocity", "reciprocity", 0.0, 0.8),
)
_CENTRES = np.array([feature.centre for feature in FEATURES])
_SCALES = np.array([feature.scale for feature in FEATURES])


@dataclass(frozen=True, slots=True)
class ReturnModel:
    """Log-odds of a return: ``intercept + sum(coefficient * (feature - centre) / scale)``.

    Args:
        coefficients: one a feature, in the order of ``FEATURES``.
        base_rate: share that returned among the examples of the fit, 0-1; what to compare a probability with.
        example_count: what it was fitted on; 0 for the prior.
    """

    intercept: float
    coefficients: tuple[float, ...]
    base_rate: float
    example_count: int = 0


@dataclass(frozen=True, slots=True)
class ReturnExample:
    """A fan as of an instant, and what came of it within 7 days."""

    at: datetime
    features: tuple[float, ...]
    returned: bool


@dataclass(frozen=True, slots=True)
class FitParams:
    """How far a fit may leave its prior, as standard deviations.

    Args:
        coefficient_deviation: per coefficient (of a standardised feature).
        intercept_deviation: > 0.
        shift_deviation, slope_deviation: of level and steepness, when only these are fitted again.
        max_steps: of Newton.
        tolerance: largest change of a coefficient at which the fit is done.
    """

    coefficient_deviation: float = 1.0
    intercept_deviation: float = 2.0
    shift_deviation: float = 0.4
    slope_deviation: float = 0.5
    max_steps: int = 50
    tolerance: float = 1e-8


# Set by hand after a fit on invented fans (evaluation/simulated.py): see docs/learning/disengagement.md.
DEFAULT_MODEL = ReturnModel(
    intercept=-0.5,
    coefficients=(-0.4, -0.2, 0.0, 0.0, 0.4, 0.4, 0.1, 0.4, -0.4, -0.1, 0.0),
    base_rate=0.45,
)
DEFAULT_FIT = FitParams()


def features(habits: HabitState, as_of: datetime) -> tuple[float, ...] | None:
    """Return what the model looks at, in the order of ``FEATURES``; None for a fan never seen.

    Args:
        habits: learnt from nothing later than ``as_of``.
    """
    if habits.last_at is None or habits.first_at is None:
        return None
    silence = days_between(habits.last_at, as_of)
    heard = days_between(habits.received_at, as_of) if habits.received_at else LONGEST_WAIT_DAYS
    return (
        log_days(silence),
        log_days(min(silence, heard)),
        log_days(typical_gap_days(habits)),
        float(habits.sessions == 1),
        math.log1p(count_since(habits, as_of - timedelta(days=7), as_of)),
        math.log1p(count_since(habits, as_of - timedelta(days=28), as_of)),
        log_days(habits.activity.as_of(as_of, ACTIVITY_HALF_LIFE_DAYS)),
        math.log1p(min(habits.sessions, MOST_SESSIONS)),
        math.log1p(min(max(days_between(habits.first_at, as_of), 0.0), LONGEST_TENURE_DAYS)),
        math.log1p(habits.unanswered),
        math.log((habits.received + 1) / (habits.done + 1)),
    )


def return_examples(events: Sequence[Event], days: Sequence[datetime]) -> list[ReturnExample]:
    """Return a fan's examples: one for each day as of which the fan was active in the 28 days before.

    Args:
        events: of one pair, in the order of (at, id), known up to 7 days after the last of ``days``.
        days: rising.
    """
    signs = [event.at for event in events if event.is_by_fan]
    habits, position, examples = HabitState(), 0, []
    for day in days:
        known = position
        while known < len(events) and events[known].at <= day:
            known += 1
        habits, position = learn(habits, events[position:known]), known
        values = features(habits, day)
        if values is not None and habits.last_at is not None and day - habits.last_at <= ACTIVE:
            examples.append(ReturnExample(day, values, any(day < sign <= day + HORIZON for sign in signs)))
    return examples


def probability_of_return(model: ReturnModel, values: Sequence[float]) -> float:
    """Return the probability of a sign within 7 days, 0-1."""
    return _logistic(model.intercept + math.fsum(terms(model, values)))


def terms(model: ReturnModel, values: Sequence[float]) -> list[float]:
    """Return what each feature adds to the log-odds."""
    return [
        coefficient * (value - feature.centre) / feature.scale
        for coefficient, value, feature in zip(model.coefficients, values, FEATURES, strict=True)
    ]


def contributions(model: ReturnModel, values: Sequence[float]) -> dict[str, float]:
    """Return what each factor adds to the log-odds; positive speaks for a return."""
    added = dict.fromkeys((feature.factor for feature in FEATURES), 0.0)
    for feature, term in zip(FEATURES, terms(model, values), strict=True):
        added[feature.factor] += term
    return added


def fit_return_model(
    examples: Sequence[ReturnExample], prior: ReturnModel = DEFAULT_MODEL, params: FitParams = DEFAULT_FIT
) -> ReturnModel:
    """Return the model that is most probable after the examples; the prior itself where there are none."""
    if not examples:
        return prior
    design = _design(examples)
    returned = _outcomes(examples)
    centre = np.array([prior.intercept, *prior.coefficients])
    deviations = np.array([params.intercept_deviation, *[params.coefficient_deviation] * len(FEATURES)])
    weights = _newton(design, returned, centre, deviations**-2, params)
    return ReturnModel(
        intercept=float(weights[0]),
        coefficients=tuple(float(value) for value in weights[1:]),
        base_rate=float(returned.mean()),
        example_count=len(examples),
    )


def recalibrated(model: ReturnModel, examples: Sequence[ReturnExample], params: FitParams = DEFAULT_FIT) -> ReturnModel:
    """Return the model with level and steepness moved to what came of the latest examples.

    Seasons move everybody at once: the order of the fans stays, their probabilities follow (Platt 1999, here with a
    prior at "no change").
    """
    if not examples:
        return model
    odds = _design(examples) @ np.array([model.intercept, *model.coefficients])
    returned = _outcomes(examples)
    precision = np.array([params.shift_deviation, params.slope_deviation]) ** -2.0
    design = np.column_stack([np.ones(len(odds)), odds])
    shift, slope = _newton(design, returned, np.array([0.0, 1.0]), precision, params)
    return replace(
        model,
        intercept=float(shift + slope * model.intercept),
        coefficients=tuple(float(slope * value) for value in model.coefficients),
        base_rate=float(returned.mean()),
    )


def _outcomes(examples: Sequence[ReturnExample]) -> NDArray[np.float64]:
    return np.array([example.returned for example in examples], dtype=np.float64)


def _design(examples: Sequence[ReturnExample]) -> NDArray[np.float64]:
    raw = np.array([example.features for example in examples], dtype=np.float64)
    return np.column_stack([np.ones(len(examples)), (raw - _CENTRES) / _SCALES])


def _newton(
    design: NDArray[np.float64],
    returned: NDArray[np.float64],
    centre: NDArray[np.float64],
    precision: NDArray[np.float64],
    params: FitParams,
) -> NDArray[np.float64]:
    """Return the maximum of the posterior. It is concave; a step that does not raise it is halved until it does."""
    weights = centre.copy()
    for _ in range(params.max_steps):
        chance = _logistics(design @ weights)
        gradient = design.T @ (returned - chance) - precision * (weights - centre)
        curvature = (design * (chance * (1.0 - chance))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        reached = _log_posterior(design, returned, centre, precision, weights)
        while _log_posterior(design, returned, centre, precision, weights + step) < reached:
            step = step / 2.0
        weights = weights + step
        if float(np.abs(step).max()) < params.tolerance:
            break
    return weights


def _log_posterior(
    design: NDArray[np.float64],
    returned: NDArray[np.float64],
    centre: NDArray[np.float64],
    precision: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> float:
    odds = design @ weights
    likelihood = returned @ odds - np.logaddexp(0.0, odds).sum()
    return float(likelihood - 0.5 * (precision * (weights - centre) ** 2).sum())


def _logistics(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * odds)), dtype=np.float64)


def _logistic(odds: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * odds))
