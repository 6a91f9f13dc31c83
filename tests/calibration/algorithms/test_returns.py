import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.habits import HabitState, learn
from calibration.algorithms.returns import (
    DEFAULT_MODEL,
    FEATURES,
    FitParams,
    ReturnExample,
    ReturnModel,
    contributions,
    features,
    fit_return_model,
    probability_of_return,
    recalibrated,
    return_examples,
)
from calibration.evaluation.simulated import simulate_fans, weekly_days
from tests.calibration.algorithms.states import at, fan, histories, ours

NAMES = [feature.name for feature in FEATURES]
FLAT = ReturnModel(0.0, (0.0,) * len(FEATURES), 0.5)
DAYS = [at(7 * week) for week in range(1, 10)]


def _features(*events, as_of):
    return dict(zip(NAMES, features(learn(HabitState(), events), at(as_of)), strict=True))


def _examples(count, seed, weights):
    """Examples whose outcome follows the given log-odds of standardised features."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        standard = random.normal(size=len(FEATURES))
        values = tuple(f.centre + f.scale * float(x) for f, x in zip(FEATURES, standard, strict=True))
        chance = 1 / (1 + math.exp(-float(standard @ weights)))
        found.append(ReturnExample(at(0), values, bool(random.random() < chance)))
    return found


def test_of_a_fan_never_seen_there_is_nothing_to_look_at():
    assert features(HabitState(), at(0)) is None
    assert features(learn(HabitState(), [ours(0)]), at(1)) is None


def test_what_the_model_looks_at():
    found = _features(fan(0), fan(10), ours(10.5), fan(13), ours(14), ours(14.1), as_of=16)
    assert found["log_silence"] == pytest.approx(math.log(3.1))
    assert found["log_contact_silence"] == pytest.approx(math.log(2.0))
    assert found["single_session"] == 0.0
    assert found["log_sessions_7d"] == pytest.approx(math.log(3))
    assert found["log_sessions_28d"] == pytest.approx(math.log(4))
    assert found["log_sessions"] == pytest.approx(math.log(4))
    assert found["log_tenure"] == pytest.approx(math.log(17))
    assert found["log_unanswered"] == pytest.approx(math.log(3))
    assert found["log_reciprocity"] == pytest.approx(0)


def test_who_was_never_written_to_has_only_their_own_silence():
    found = _features(fan(0), as_of=5)
    assert found["log_contact_silence"] == found["log_silence"]
    assert found["single_session"] == 1.0


def test_the_worked_example_of_the_documentation():
    """A daily fan, silent for one and for six days: docs/learning/disengagement.md."""
    habits = learn(HabitState(), [event for day in range(30) for event in (fan(day), ours(day + 0.001))])
    after = [round(probability_of_return(DEFAULT_MODEL, features(habits, at(29 + days))), 2) for days in (1, 6)]
    assert after == WORKED


WORKED = [0.95, 0.77]


def test_an_example_knows_nothing_of_later():
    events = [fan(0), fan(5), fan(20), ours(21), fan(22)]
    early = return_examples(events[:2], DAYS[:1])
    assert [example.features for example in return_examples(events, DAYS[:1])] == [
        example.features for example in early
    ]
    changed = [*events[:3], fan(27.9, "changed")]
    (one, two) = (return_examples(some, [at(7), at(14)]) for some in (events, changed))
    assert one == two


@given(histories(), histories(), st.integers(1, 60))
def test_whatever_comes_later_changes_no_feature(events, others, day):
    known = [event for event in events if event.at <= at(day)]
    later = [replace(event, at=event.at + timedelta(days=day + 1)) for event in others]
    alone, followed = return_examples(known, [at(day)]), return_examples([*known, *later], [at(day)])
    assert [example.features for example in alone] == [example.features for example in followed]


def test_an_outcome_is_a_sign_within_seven_days():
    events = [fan(0), fan(13.9), fan(40), ours(41)]
    examples = return_examples(events, DAYS)
    assert [(example.at, example.returned) for example in examples] == [
        (at(7), True),
        (at(14), False),
        (at(21), False),
        (at(28), False),
        (at(35), True),
        (at(42), False),
        (at(49), False),
        (at(56), False),
        (at(63), False),
    ]


def test_who_is_silent_for_longer_than_four_weeks_is_no_example():
    assert [example.at for example in return_examples([fan(0)], DAYS)] == DAYS[:4]


def test_factors_add_up_to_the_odds():
    values = features(learn(HabitState(), [fan(0), fan(3)]), at(5))
    odds = DEFAULT_MODEL.intercept + sum(contributions(DEFAULT_MODEL, values).values())
    assert probability_of_return(DEFAULT_MODEL, values) == pytest.approx(1 / (1 + math.exp(-odds)))


def test_without_examples_the_prior_stays():
    assert fit_return_model([]) is DEFAULT_MODEL
    assert recalibrated(DEFAULT_MODEL, []) is DEFAULT_MODEL


def test_a_fit_finds_the_weights_that_made_the_examples():
    weights = np.linspace(-1, 1, len(FEATURES))
    model = fit_return_model(_examples(4000, 1, weights), FLAT)
    assert model.coefficients == pytest.approx(tuple(weights), abs=0.2)
    assert model.example_count == 4000
    assert 0.4 < model.base_rate < 0.6


def test_few_examples_stay_near_the_prior():
    weights = np.linspace(-3, 3, len(FEATURES))
    few, many = (fit_return_model(_examples(count, 2, weights)) for count in (5, 2000))
    away = [
        max(abs(a - b) for a, b in zip(model.coefficients, DEFAULT_MODEL.coefficients, strict=True))
        for model in (few, many)
    ]
    assert away[0] < 0.5 < away[1]


def test_a_fit_bears_examples_that_all_end_alike():
    examples = [replace(example, returned=True) for example in _examples(200, 3, np.zeros(len(FEATURES)))]
    model = fit_return_model(examples)
    assert 0.5 < probability_of_return(model, examples[0].features) < 1
    assert model == fit_return_model(examples)


def test_steps_are_bounded():
    examples = _examples(50, 4, np.ones(len(FEATURES)))
    assert fit_return_model(examples, params=FitParams(max_steps=1)) != fit_return_model(examples)


def test_recalibration_moves_everybody_and_changes_no_order():
    model, rarer = FLAT, _examples(800, 5, np.zeros(len(FEATURES)))
    model = replace(FLAT, coefficients=(1.0,) * len(FEATURES))
    none = [replace(example, returned=False) for example in rarer]
    moved = recalibrated(model, none)
    before, after = (
        [probability_of_return(some, example.features) for example in rarer[:50]] for some in (model, moved)
    )
    assert np.mean(after) < np.mean(before)
    assert moved.base_rate == 0.0
    kept = recalibrated(model, _examples(3000, 6, np.ones(len(FEATURES))))
    assert kept.coefficients == pytest.approx(model.coefficients, abs=0.1)
    assert kept.intercept == pytest.approx(model.intercept, abs=0.15)


def test_the_shipped_prior_ranks_invented_fans_well():
    """It is a rounded fit on such fans; a fit on these may be better by little."""
    examples = [example for events in simulate_fans(150, 11) for example in return_examples(events, weekly_days())]
    fitted = fit_return_model(examples, FLAT)
    losses = [
        np.mean([(probability_of_return(model, e.features) - e.returned) ** 2 for e in examples])
        for model in (DEFAULT_MODEL, fitted, FLAT)
    ]
    assert losses[1] < losses[0] < losses[1] + 0.02 < losses[2]
